/** What the Web API answers instead of doing something: `{ ok: false, error, response_metadata }`. */
export class SlackRefusal extends Error {
  readonly code: string;
  readonly messages: string[];
  /** Where it is written that the real service refuses this. */
  readonly source: string;

  constructor(code: string, messages: string[] = [], source = 'https://docs.slack.dev/reference/methods') {
    super(code);
    this.code = code;
    this.messages = messages;
    this.source = source;
  }
}
