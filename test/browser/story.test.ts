import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepPicture, needsChromium, type OpenBrowser, openBrowser } from '../support/browser.ts';
import { type RunningBot, startRunningBot } from '../support/running-bot.ts';

const [lead, dba, manager] = ['U0DRLEAD1', 'U0DBA0001', 'U0VPENG01'];

let bot: RunningBot;
let browser: OpenBrowser;
beforeAll(async () => {
  if (!needsChromium()) return;
  [bot, browser] = await Promise.all([startRunningBot(), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await bot?.close();
});

const incident = (page: Page) => page.getByRole('link', { name: /inc-/ }).first();

describe.runIf(needsChromium())('the whole story, by typing and clicking', () => {
  it('is a Region that goes dark, a command, two people who approve in two windows, and traffic elsewhere', async () => {
    const open = async (as: string, more: object = {}) => {
      const opened = await browser.open(`${bot.sandbox.workspaceUrl}/?as=${as}`, more);
      await opened.page.getByRole('combobox', { name: /Message to/ }).waitFor();
      return opened;
    };
    const windows = [
      await open(lead),
      await open(dba, { colorScheme: 'dark' }),
      await open(manager, { viewport: { width: 390, height: 844 } }),
    ] as const;
    const [asLead, asDba, asManager] = windows.map(({ page }) => page) as [Page, Page, Page];
    const world = asLead.getByRole('complementary', { name: 'The world' });
    const replica = world.getByRole('listitem').filter({ hasText: 'omnimesh-prod-replica-us-west-2' });
    await replica.getByText('read-only').waitFor();

    await asLead.getByRole('button', { name: 'Take us-east-1 down' }).click();
    await asLead
      .getByRole('combobox', { name: /Message to/ })
      .pressSequentially('/failover omnimesh region us-east-1 is dark');
    await asLead.keyboard.press('Enter');
    await incident(asLead).click();
    await asLead.getByRole('button', { name: 'Approve' }).first().waitFor();
    await keepPicture(asLead, 'story-1-asked');

    await incident(asDba).click();
    await asDba.getByRole('button', { name: 'Approve' }).first().click();
    await asDba.getByText('Only visible to you').first().waitFor();
    await keepPicture(asDba, 'story-2-first-yes');
    // The one yes is not enough: nothing has moved.
    expect(await replica.getByText('read-only').count()).toBe(1);

    await asManager.getByRole('navigation', { name: 'Panes' }).getByRole('button', { name: 'Channels' }).click();
    await incident(asManager).click();
    await asManager.getByRole('button', { name: 'Approve' }).first().click();

    await replica.getByText('takes writes').waitFor({ timeout: 60_000 });
    await keepPicture(asLead, 'story-3-under-way');
    await world.getByText('52.123.45.67').locator('..').getByText('100 %').waitFor({ timeout: 60_000 });
    await asLead
      .getByText(/failover of region (is done|has succeeded)/)
      .first()
      .waitFor({ timeout: 60_000 });
    await keepPicture(asLead, 'story-4-done');
    await keepPicture(asDba, 'story-4-done-dark');
    await keepPicture(asManager, 'story-4-done-phone');
    for (const { faults } of windows) expect(faults).toEqual([]);

    const { page: status } = await browser.open(`${bot.sandbox.workspaceUrl}/status`);
    await status.getByText('Resolved').first().waitFor();
    await keepPicture(status, 'story-5-status');
    const { instances } = await bot.world.get('/world');
    const promoted = instances.find(({ id }: { id: string }) => id === 'omnimesh-prod-replica-us-west-2');
    expect([promoted.role, promoted.writable]).toEqual(['primary', true]);
  }, 180_000);
});
