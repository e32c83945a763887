import { existsSync, mkdirSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Debian's own; Playwright's download is not needed. */
const executablePath = '/usr/bin/chromium';
const results = 'test-results';

/** Whether Chromium is here. Where CI is set, one that is missing is an error and not a test left out. */
export const needsChromium = (): boolean => {
  const isHere = existsSync(executablePath);
  if (!isHere && process.env['CI']) throw new Error('CI is set, but chromium is not here; .ci/run installs it.');
  return isHere;
};

export interface OpenPage {
  page: Page;
  /** Errors of the console, and what the policy of the page forbade. */
  faults: string[];
}

export interface OpenBrowser {
  /** A window of its own, with a memory of its own. */
  open(url: string, options?: BrowserContextOptions): Promise<OpenPage>;
  close(): Promise<void>;
}

/** `by` leads what is meant for one port of this machine to another, and the page does not notice. */
export const openBrowser = async (by?: { port: number; to: number }): Promise<OpenBrowser> => {
  // Root has no other sandbox to be kept in; nothing but our own pages is opened.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  if (by) args.push(`--host-resolver-rules=MAP localhost:${by.port} 127.0.0.1:${by.to}`);
  const browser: Browser = await chromium.launch({ executablePath, args });
  return {
    async open(url, options = {}) {
      const context = await browser.newContext({
        viewport: { width: 1440, height: 900 },
        timezoneId: 'America/New_York',
        ...options,
      });
      const page = await context.newPage();
      const faults: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error' || /Content Security Policy/.test(message.text())) faults.push(message.text());
      });
      page.on('pageerror', (error) => faults.push(error.message));
      await page.goto(url);
      return { page, faults };
    },
    close: () => browser.close(),
  };
};

/** Kept where nobody commits it, to be looked at. */
export const keepPicture = async (page: Page, name: string): Promise<void> => {
  mkdirSync(results, { recursive: true });
  await page.screenshot({ path: `${results}/${name}.png` });
};
