import { createTransport } from 'nodemailer';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { keepPicture, needsChromium, type OpenBrowser, openBrowser } from '../support/browser.ts';
import { type Desk, startDesk } from '../support/desk.ts';
import { waitFor } from '../support/talk-world.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

const lead = 'U0DRLEAD1';
const manager = 'U0VPENG01';

let desk: Desk;
let browser: OpenBrowser;
let incidents: string;
beforeAll(async () => {
  if (!needsChromium()) return;
  desk = await startDesk();
  browser = await openBrowser();
  incidents = (await desk.web.conversations.list()).channels!.find(({ name }) => name === 'incidents')!.id!;
});
afterAll(async () => {
  await browser?.close();
  await desk?.close();
});
beforeEach(() => {
  if (!desk) return;
  desk.received.length = 0;
  desk.answer.body = '';
});

const open = async (as = lead, more: Parameters<OpenBrowser['open']>[1] = {}) => {
  const opened = await browser.open(`${desk.url}/?as=${as}#${incidents}`, more);
  await opened.page.getByRole('combobox', { name: /Message to/ }).waitFor();
  return opened;
};
const composer = (page: Page) => page.getByRole('combobox', { name: /Message to/ });
const post = (more: object) => desk.web.chat.postMessage({ channel: incidents, text: 'x', ...more } as never);
const plain = (text: string) => ({ type: 'plain_text', text });
const button = (text: string, more: object = {}) => ({
  type: 'button',
  text: plain(text),
  action_id: text,
  value: `value of ${text}`,
  ...more,
});
const last = (type: string) => waitFor(() => desk.received.findLast((payload) => payload.type === type));
/** Which of a phone's panes can be seen. */
const visiblePanes = async (page: Page): Promise<string[]> => {
  const panes = { Channels: '.sidebar', Messages: 'main', World: '.world' };
  const seen = await Promise.all(Object.values(panes).map((pane) => page.locator(pane).isVisible()));
  return Object.keys(panes).filter((_name, index) => seen[index]);
};
/** What is wider than the window, and would not be read to its end. */
const cutOff = (page: Page) =>
  page.evaluate(`[...document.querySelectorAll('main *, .world *, .sidebar *')]
    .filter((each) => each.scrollWidth > each.clientWidth + 1 && !/^(inline|contents)/.test(getComputedStyle(each).display))
    .filter((each) => !['TEXTAREA', 'SELECT', 'INPUT'].includes(each.tagName) && getComputedStyle(each).textOverflow !== 'ellipsis')
    .map((each) => each.tagName + '.' + each.className)`) as Promise<string[]>;
const overflow = (page: Page) => page.evaluate('document.documentElement.scrollWidth - innerWidth') as Promise<number>;

describe.runIf(needsChromium())('the workspace in the browser', () => {
  it('opens without a fault, with the channels, the people and the world', async () => {
    const { page, faults } = await open();
    for (const name of ['general', 'incidents'])
      await page.getByRole('navigation', { name: 'Channels' }).getByRole('link', { name }).waitFor();
    expect(await page.getByRole('combobox', { name: 'Whom you play' }).inputValue()).toBe(lead);
    const world = page.getByRole('complementary', { name: 'The world' });
    await world.getByText('omnimesh-prod-primary', { exact: true }).waitFor();
    await world.getByText('api.omnimesh.com').waitFor();
    expect(faults).toEqual([]);
    await keepPicture(page, 'workspace-light');
    await page.context().close();
  });

  it('completes commands from the keyboard, and says how they go on', async () => {
    const { page } = await open();
    await composer(page).pressSequentially('/');
    const options = page.getByRole('listbox', { name: 'Completions' }).getByRole('option');
    await options.first().waitFor();
    const all = await options.allTextContents();
    expect(all.length).toBeGreaterThan(3);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    const second = /^\/[a-z]+/.exec(all[1]!)![0];
    expect(await composer(page).inputValue()).toBe(`${second} `);
    expect(await page.locator('.usage').textContent()).toContain(second);
    await page.keyboard.type('status');
    await page.keyboard.press('Enter');
    await waitFor(() => desk.received.find(({ command, text }) => command === second && text === 'status'));
    expect(await composer(page).inputValue()).toBe('');
    await page.keyboard.type('/nonsense now');
    await page.keyboard.press('Enter');
    await page.getByText('/nonsense is no command here').waitFor();
    // It is not lost: one letter may be what was wrong.
    await page.waitForFunction("document.querySelector('main textarea').value === '/nonsense now'");
    await page.context().close();
  });

  it('draws blocks, asks before it does what must be asked, and tells the bot', async () => {
    const { page, faults } = await open();
    const confirm = {
      title: plain('Really?'),
      text: plain('It cannot be undone.'),
      confirm: plain('Do it'),
      deny: plain('No'),
    };
    await post({
      blocks: [
        { type: 'header', text: plain('A :rotating_light: headline') },
        {
          type: 'section',
          text: { type: 'mrkdwn', text: `*bold* <@${manager}> <https://a.example/|a link>` },
          accessory: { type: 'overflow', action_id: 'more', options: [{ text: plain('Details'), value: 'details' }] },
        },
        {
          type: 'section',
          fields: [
            { type: 'mrkdwn', text: 'left' },
            { type: 'mrkdwn', text: 'right' },
          ],
        },
        {
          type: 'rich_text',
          elements: [
            {
              type: 'rich_text_list',
              style: 'bullet',
              elements: [
                { type: 'rich_text_section', elements: [{ type: 'text', text: 'an item', style: { bold: true } }] },
              ],
            },
          ],
        },
        {
          type: 'actions',
          elements: [
            button('Careful', { confirm, style: 'danger' }),
            {
              type: 'static_select',
              action_id: 'which',
              options: [
                { text: plain('One'), value: '1' },
                { text: plain('Two'), value: '2' },
              ],
            },
          ],
        },
      ],
    });
    const message = page.getByRole('article').last();
    await message.getByRole('heading', { name: 'headline' }).waitFor();
    await keepPicture(page, 'blocks');
    expect(await message.locator('.mention').textContent()).toContain('Vera Park');
    await message.getByRole('button', { name: 'Careful' }).click();
    await page.getByRole('dialog', { name: 'Really?' }).getByRole('button', { name: 'No' }).click();
    await message.getByRole('combobox').selectOption('2');
    expect((await last('block_actions')).actions[0].selected_option.value).toBe('2');
    await message.getByRole('button', { name: 'Careful' }).click();
    await page.getByRole('dialog', { name: 'Really?' }).getByRole('button', { name: 'Do it' }).click();
    const pressed = await waitFor(() => desk.received.find(({ actions }) => actions?.[0].action_id === 'Careful'));
    expect([pressed.user.id, pressed.actions[0].value]).toEqual([lead, 'value of Careful']);
    await message.getByRole('button', { name: 'More actions' }).press('Enter');
    await page.keyboard.press('Enter');
    await waitFor(() => desk.received.find(({ actions }) => actions?.[0].selected_option?.value === 'details'));
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('shows what is written as text, whatever it is', async () => {
    const { page, faults } = await open();
    const evil = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>';
    await post({ text: evil });
    await post({ text: '<javascript:document.title="owned"|press me>' });
    await post({
      blocks: [
        { type: 'header', text: plain(evil) },
        { type: 'section', text: { type: 'mrkdwn', text: evil } },
        { type: 'section', text: plain(evil) },
        { type: 'context', elements: [{ type: 'image', image_url: 'https://tracker.example/x.png', alt_text: evil }] },
        {
          type: 'rich_text',
          elements: [
            {
              type: 'rich_text_section',
              elements: [{ type: 'link', url: 'javascript:document.title="owned"', text: evil }],
            },
          ],
        },
        { type: 'markdown', text: `# ${evil}\n[x](javascript:alert(1))` },
      ],
    });
    await desk.web.conversations.setTopic({ channel: incidents, topic: evil });
    await composer(page).fill(evil);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'onerror' }).first().waitFor();
    expect(await page.locator('.topic').textContent()).toContain('img src=x');
    expect(await page.locator('main img, main script, main iframe').count()).toBe(0);
    expect(
      await page
        .locator('main a')
        .evaluateAll((links) => links.map((link) => (link as unknown as { protocol: string }).protocol)),
    ).not.toContain('javascript:');
    await page.getByText('press me').click();
    expect(await page.title()).not.toBe('owned');
    expect(faults).toEqual([]);
    await desk.web.conversations.setTopic({ channel: incidents, topic: 'P1 · investigating' });
    await page.context().close();
  });

  it('is light and dark as the reader’s machine is, and otherwise when the reader says so', async () => {
    const colour = (page: Page) => page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    const { page: light } = await open(lead, { colorScheme: 'light' });
    const { page: dark } = await open(lead, { colorScheme: 'dark' });
    const [one, other] = [await colour(light), await colour(dark)];
    expect(one).not.toBe(other);
    await dark.getByRole('button', { name: /^Look: auto/ }).click();
    expect(await colour(dark)).toBe(one);
    await dark.reload();
    await composer(dark).waitFor();
    expect(await colour(dark)).toBe(one);
    await dark.context().close();
    await light.context().close();
  });

  it('fits a phone, one pane at a time', async () => {
    const { page, faults } = await open(lead, { viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
    await post({ text: `${'a-name-without-any-place-to-break'.repeat(6)}\n\`\`\`${'x'.repeat(300)}\`\`\`` });
    await page.getByText('a-name-without').last().waitFor();
    for (const name of ['Channels', 'World', 'Messages']) {
      await page.getByRole('navigation', { name: 'Panes' }).getByRole('button', { name }).click();
      expect(await overflow(page), name).toBe(0);
      expect(await visiblePanes(page), name).toEqual([name]);
      expect(await cutOff(page), name).toEqual([]);
      await keepPicture(page, `workspace-phone-${name.toLowerCase()}`);
    }
    const box = (await composer(page).boundingBox())!;
    expect(box.x >= 0 && box.x + box.width <= 390).toBe(true);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('fills in a form by the keyboard, with what the bot does not like at its field', async () => {
    const { page } = await open();
    await composer(page).fill('/dr run');
    await page.keyboard.press('Enter');
    const { trigger_id } = await waitFor(() => desk.received.find(({ command }) => command === '/dr'));
    await desk.web.views.open({
      trigger_id,
      view: {
        type: 'modal',
        callback_id: 'form',
        title: plain('Why?'),
        submit: plain('Send'),
        notify_on_close: true,
        blocks: [
          {
            type: 'input',
            block_id: 'reason',
            label: plain('The reason'),
            element: { type: 'plain_text_input', action_id: 'words', min_length: 3 },
          },
        ],
      } as never,
    });
    const form = page.getByRole('dialog', { name: 'Why?' });
    await form.waitFor();
    await page.keyboard.press('Enter');
    await form.getByText('Please fill this in.').waitFor();
    desk.answer.body = { response_action: 'errors', errors: { reason: 'Somebody said that already.' } };
    await page.keyboard.type('because');
    await page.keyboard.press('Enter');
    await form.getByText('Somebody said that already.').waitFor();
    const submitted = await last('view_submission');
    expect(submitted.view.state.values.reason.words.value).toBe('because');
    // What the first form asked for is not sent with the second.
    desk.received.length = 0;
    desk.answer.body = {
      response_action: 'update',
      view: {
        type: 'modal',
        callback_id: 'second',
        title: plain('And when?'),
        submit: plain('Send'),
        notify_on_close: true,
        blocks: [
          {
            type: 'input',
            block_id: 'day',
            optional: true,
            label: plain('Day'),
            element: { type: 'datepicker', action_id: 'date' },
          },
        ],
      },
    };
    await page.keyboard.press('Enter');
    const second = page.getByRole('dialog', { name: 'And when?' });
    await second.getByLabel('Day').fill('2026-11-25');
    desk.answer.body = { response_action: 'errors', errors: { day: 'Too late.' } };
    await second.getByRole('button', { name: 'Send' }).click();
    await second.getByText('Too late.').waitFor();
    const { view } = await waitFor(() => desk.received.findLast((payload) => payload.view?.callback_id === 'second'));
    expect(view.state.values).toEqual({ day: { date: { type: 'datepicker', selected_date: '2026-11-25' } } });
    await page.keyboard.press('Escape');
    await second.waitFor({ state: 'hidden' });
    expect((await last('view_closed')).view.callback_id).toBe('second');
    expect(await page.evaluate('document.activeElement.tagName')).toBe('TEXTAREA');
    await page.context().close();
  });

  it('is used from beginning to end without a mouse', async () => {
    const { page } = await open();
    await post({ blocks: [{ type: 'actions', elements: [button('Go on')] }] });
    await page.getByRole('button', { name: 'Go on' }).last().waitFor();
    await page.getByRole('link', { name: 'To where one types' }).focus();
    await page.keyboard.press('Enter');
    expect(await page.locator(':focus').getAttribute('aria-label')).toBe('Message to #incidents');
    // From an empty composer up to the messages; arrows choose one, Tab leads into it.
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').textContent()).toContain('Go on');
    const ring = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
    expect(ring).toBe('solid');
    await page.keyboard.press('Enter');
    expect((await last('block_actions')).actions[0].value).toBe('value of Go on');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'pushpin: Dana Reyes' }).waitFor();
    await page.context().close();
  });

  it('asks the bot for options while one types', async () => {
    const { page } = await open();
    await post({
      blocks: [
        {
          type: 'actions',
          elements: [
            { type: 'external_select', action_id: 'run', min_query_length: 1, placeholder: plain('Which run?') },
          ],
        },
      ],
    });
    desk.answer.body = { options: [{ text: plain('Run r-7'), value: 'r-7' }] };
    await page.getByRole('textbox', { name: 'Which run?' }).fill('r');
    await page.getByRole('button', { name: 'Run r-7' }).click();
    expect((await last('block_suggestion')).value).toBe('r');
    expect((await last('block_actions')).actions[0].selected_option.value).toBe('r-7');
    await page.context().close();
  });

  it('is different people in different windows', async () => {
    const [{ page: one }, { page: other }] = [await open(lead), await open(manager)];
    await desk.web.chat.postEphemeral({ channel: incidents, user: manager, text: 'for the manager alone' });
    await other.getByText('for the manager alone').waitFor();
    await composer(one).fill('who is here?');
    await one.keyboard.press('Enter');
    const message = other.getByRole('article').filter({ hasText: 'who is here?' });
    await message.waitFor();
    expect(await one.getByText('for the manager alone').count()).toBe(0);
    await message.hover();
    await message.getByRole('button', { name: 'React with pushpin' }).click();
    await one.getByRole('button', { name: 'pushpin: Vera Park' }).waitFor();
    expect((await waitFor(() => desk.received.find(({ event }) => event?.type === 'reaction_added'))).event.user).toBe(
      manager,
    );
    await message.getByRole('button', { name: 'Reply in thread' }).click();
    await other.getByRole('combobox', { name: 'Reply' }).fill('@mayday I am');
    await other.keyboard.press('Enter');
    await one.getByRole('button', { name: /1 reply/ }).click();
    await one.getByRole('complementary', { name: 'Thread' }).getByText('I am').waitFor();
    const mention = await waitFor(() => desk.received.find(({ event }) => event?.type === 'app_mention'));
    expect([mention.event.user, mention.event.text]).toEqual([manager, '<@U0MAYDAYBT> I am']);
    await one.keyboard.press('Escape');
    await one.getByRole('complementary', { name: 'Thread' }).waitFor({ state: 'hidden' });
    await one.context().close();
    await other.context().close();
  });

  it('offers the shortcuts of the manifest where they belong', async () => {
    const { page } = await open();
    const { ts } = await post({ text: 'something happened' });
    const message = page.getByRole('article').filter({ hasText: 'something happened' });
    await message.hover();
    await message.getByRole('button', { name: 'More for this message' }).click();
    await page.getByRole('menuitem', { name: /Put on the timeline/ }).click();
    expect(await last('message_action')).toMatchObject({ callback_id: 'to-timeline', message_ts: ts });
    await page.getByRole('button', { name: 'Shortcuts' }).click();
    await page.getByRole('menuitem', { name: /Declare an incident/ }).click();
    expect(await last('shortcut')).toMatchObject({ callback_id: 'declare' });
    await page.context().close();
  });

  it('shows a channel as it is made, marks what is unread, and jumps there by the keyboard', async () => {
    const { page } = await open();
    const { channel } = await desk.web.conversations.create({ name: 'inc-made-just-now' });
    await desk.web.conversations.invite({ channel: channel!.id!, users: lead });
    await desk.web.conversations.setTopic({ channel: channel!.id!, topic: 'P1 · *investigating* · nobody' });
    await desk.web.bookmarks.add({
      channel_id: channel!.id!,
      title: 'The run',
      type: 'link',
      link: 'https://shop.example/run',
    });
    const { ts } = await desk.web.chat.postMessage({ channel: channel!.id!, text: `<@${lead}> look` });
    await desk.web.pins.add({ channel: channel!.id!, timestamp: ts! });
    const entry = page.getByRole('link', { name: /inc-made-just-now/ });
    await entry.getByLabel('1 unread').waitFor();
    expect(await page.title()).toMatch(/^\(1\)/);
    await page.keyboard.press('Control+k');
    await page.keyboard.type('made-just');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'inc-made-just-now' }).waitFor();
    await page.getByRole('link', { name: 'The run' }).waitFor();
    await page.getByRole('tab', { name: '1 pinned' }).waitFor();
    await keepPicture(page, 'channel');
    expect(await entry.getByLabel('1 unread').count()).toBe(0);
    await page.context().close();
  });

  it('draws the newest of many messages, and earlier ones when asked or when a link leads there', async () => {
    const { channel } = await desk.web.conversations.create({ name: 'talkative' });
    const id = channel!.id!;
    await desk.web.conversations.invite({ channel: id, users: lead });
    const say = async (text: string) => {
      const body = JSON.stringify({ user: lead, channel: id, text });
      const answer = await fetch(`${desk.sandbox.controlUrl}/slack/say`, { method: 'POST', body });
      return ((await answer.json()) as { ts: string }).ts;
    };
    const first = await say('number 0.');
    for (let number = 1; number < 130; number += 1) await say(`number ${number}.`);
    const { page } = await browser.open(`${desk.url}/?as=${lead}#${id}`);
    await page.getByText('number 129.').waitFor();
    expect(await page.getByText('number 0.').count()).toBe(0);
    await page.getByRole('button', { name: /earlier messages/ }).click();
    await page.getByText('number 0.').waitFor();
    await page.goto('about:blank');
    await page.goto(`${desk.url}/?as=${lead}#${id}/${first}`);
    await page.locator('.highlighted').getByText('number 0.').waitFor();
    expect(await page.getByText('number 0.').isVisible()).toBe(true);
    await page.context().close();
  });

  it('shows files and the canvas of a channel', async () => {
    const { channel } = await desk.web.conversations.create({ name: 'inc-with-papers' });
    const id = channel!.id!;
    await desk.web.conversations.invite({ channel: id, users: lead });
    await desk.web.conversations.canvases.create({
      channel_id: id,
      document_content: {
        type: 'markdown',
        markdown: '# What we learnt\n\n- [x] **Fence** first\n\n| a | b |\n|---|---|\n| 1 | 2 |',
      },
    });
    await desk.web.filesUploadV2({ channel_id: id, filename: 'report.md', title: 'The report', content: '# Report' });
    const { page, faults } = await browser.open(`${desk.url}/?as=${lead}#${id}`);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'The report' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('report.md');
    await page.getByRole('tab', { name: /Canvas/ }).click();
    await page.getByText('What we learnt').waitFor();
    expect(await page.locator('.canvas strong').textContent()).toBe('Fence');
    expect(await page.locator('.canvas td').allTextContents()).toEqual(['1', '2']);
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it('rings phones that one can answer, and keeps the mail that was sent', async () => {
    const { page } = await open();
    const { PAGERDUTY_EVENTS_URL: events, PAGERDUTY_ROUTING_KEY: key, SMTP_URL: smtp } = desk.sandbox.environment;
    const payload = { summary: 'Nothing answers', source: 'test', severity: 'critical' };
    await fetch(events!, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ routing_key: key, event_action: 'trigger', dedup_key: 'one', payload }),
    });
    const rung = page.getByRole('listitem').filter({ hasText: 'Nothing answers' }).first();
    await rung.getByRole('button', { name: 'Acknowledge' }).click();
    await rung.getByText('acknowledged').waitFor();
    const { incidents: all } = (await (await fetch(`${desk.sandbox.controlUrl}/pagerduty/state`)).json()) as any;
    expect(all.at(-1).status).toBe('acknowledged');
    await createTransport(smtp).sendMail({
      from: 'a@shop.example',
      to: 'b@shop.example',
      subject: 'It is over',
      text: 'Go home.',
    });
    await page.getByText('Mail', { exact: true }).click();
    await page.getByText('It is over').click();
    await page.getByText('Go home.').waitFor();
    await page.context().close();
  });

  it('breaks the world and mends it', async () => {
    const { page } = await open();
    const down = async () =>
      ((await (await fetch(`${desk.sandbox.controlUrl}/world`)).json()) as { regionsDown: string[] }).regionsDown;
    await page.getByRole('button', { name: 'Take us-east-1 down' }).click();
    await page.getByText('us-east-1 is down').waitFor();
    expect(await down()).toEqual(['us-east-1']);
    await page.getByRole('button', { name: 'Slack 429, 1 min' }).click();
    await page.getByText('Slack answers 429', { exact: false }).first().waitFor();
    await expect(post({ text: 'now?' })).rejects.toThrow();
    await page.getByRole('button', { name: 'Mend everything' }).click();
    await page.getByText('Broken now').waitFor({ state: 'detached' });
    expect(await down()).toEqual([]);
    await post({ text: 'now.' });
    await page.context().close();
  });

  it('comes back by itself after an interruption, with what it missed', async () => {
    const port = Number(new URL(desk.url).port);
    const cable = await startTcpProxy({ host: '127.0.0.1', port });
    const away = await openBrowser({ port, to: cable.port });
    const { page } = await away.open(`http://localhost:${port}/?as=${lead}#${incidents}`);
    await composer(page).waitFor();
    const { ts } = await post({ text: 'taken back meanwhile' });
    await page.getByText('taken back meanwhile').waitFor();
    // Where nobody listens.
    cable.leadTo({ host: '127.0.0.1', port: 1 });
    cable.cut();
    await page.getByText('The sandbox does not answer').waitFor();
    await post({ text: 'said meanwhile' });
    await desk.web.chat.delete({ channel: incidents, ts: ts! });
    cable.leadTo({ host: '127.0.0.1', port });
    await page.getByText('The sandbox does not answer').waitFor({ state: 'detached' });
    await page.getByText('said meanwhile').waitFor();
    expect(await page.getByText('taken back meanwhile').count()).toBe(0);
    await away.close();
    await cable.close();
  });

  it('shows customers nothing but what concerns them', async () => {
    const { page, faults } = await browser.open(`${desk.url}/status`);
    await page.getByText('All systems operational').waitFor();
    const { STATUSPAGE_API_URL: api, STATUSPAGE_PAGE_ID: id, STATUSPAGE_API_KEY: key } = desk.sandbox.environment;
    await fetch(`${api}/pages/${id}/incidents`, {
      method: 'POST',
      headers: { authorization: `OAuth ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        incident: { name: 'Slow answers', status: 'investigating', body: 'We <b>look</b> into it.' },
      }),
    });
    await page.getByText('We <b>look</b> into it.').waitFor();
    expect(await page.locator('.banner').textContent()).toContain('Slow answers');
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
