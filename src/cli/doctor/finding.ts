/** What one look found: good, or what is wrong and what to do. */
export interface Finding {
  ok: boolean;
  what: string;
  /** Only when something is wrong: one sentence that says what to do. */
  advice?: string;
}

export const good = (what: string): Finding => ({ ok: true, what });
export const bad = (what: string, advice: string): Finding => ({ ok: false, what, advice });
