import { useEffect, useState } from 'preact/hooks';
import type { View } from '../shapes.ts';
import { act, actForBot } from './api.ts';
import { Blocks } from './block-kit.ts';
import { useDesk } from './context.ts';
import { html } from './html.ts';
import { Plain } from './mrkdwn-view.ts';
import { useSurface } from './surface.ts';
import { useDialog } from './use-dialog.ts';

/** The modals that lie on each other; only the uppermost can be used. */
export const Modals = () => {
  const { state } = useDesk();
  const top = state.modals.at(-1);
  if (!top) return null;
  const stack = state.modals.filter(({ root }) => root === top.root);
  return html`<${Modal} key=${top.id} modal=${top} depth=${stack.length} />`;
};

const Modal = ({ modal, depth }: { modal: View; depth: number }) => {
  const { state, attempt } = useDesk();
  const { view } = modal;
  const target = { viewId: modal.id };
  const dialog = useDialog();
  const { values, use } = useSurface(target, view.blocks);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    shown?.querySelector<HTMLElement>('.dialog-body input, .dialog-body textarea, .dialog-body select')?.focus();
    // Gives the focus back to where it was.
    return () => shown?.close();
  }, []);
  // Other content came in: what was wrong with the old is no more.
  useEffect(() => setErrors({}), [view.hash]);

  const leave = (all: boolean) => attempt(() => act('close', { user: state.me, viewId: modal.id, all }));
  const submit = async (event: Event) => {
    event.preventDefault();
    const missing = missingIn(view.blocks, values);
    if (Object.keys(missing).length > 0) return setErrors(missing);
    setBusy(true);
    await attempt(async () => {
      const answer = await actForBot('submit', {
        user: state.me,
        viewId: modal.id,
        values: presentIn(view.blocks, values),
      });
      if (answer.refused)
        throw new Error(`Mayday answered what Slack does not take: ${answer.refused} ${answer.messages ?? ''}`);
      setErrors(answer.body?.response_action === 'errors' ? answer.body.errors : {});
    });
    setBusy(false);
  };
  const onCancel = (event: Event) => {
    event.preventDefault();
    void leave(false);
  };
  return html`<dialog ref=${dialog} class="dialog modal" onCancel=${onCancel} aria-labelledby="modal-title">
    <form onSubmit=${submit} novalidate>
      <div class="dialog-head">
        ${depth > 1 && html`<button type="button" class="icon-button" aria-label="Back" title="Back" onClick=${() => leave(false)}>‹</button>`}
        <h2 id="modal-title"><${Plain} text=${view.title.text} /></h2>
        <button type="button" class="icon-button close" aria-label="Close" title="Close (Esc)" onClick=${() => leave(true)}>✕</button>
      </div>
      <div class="dialog-body"><${Blocks} blocks=${view.blocks} target=${target} use=${use} values=${values} errors=${errors} /></div>
      <div class="dialog-foot">
        <button type="button" class="button" onClick=${() => leave(false)}>${view.close?.text ?? 'Cancel'}</button>
        ${
          view.submit &&
          html`<button type="submit" class="button primary" disabled=${busy || view.submit_disabled}>
            ${busy ? 'One moment …' : html`<${Plain} text=${view.submit.text} />`}
          </button>`
        }
      </div>
    </form>
  </dialog>`;
};

/** Of what was filled in only what the form still asks for: the bot may have put another one in its place. */
const presentIn = (blocks: any[], values: Record<string, Record<string, unknown>>) => {
  const present = blocks.flatMap(({ block_id: id, elements, element, accessory }) => {
    const actions = [...(elements ?? []), element, accessory].map((each) => each?.action_id);
    const own = Object.entries(values[id] ?? {}).filter(([action]) => actions.includes(action));
    return own.length > 0 ? [[id, Object.fromEntries(own)]] : [];
  });
  return Object.fromEntries(present);
};

const isNothing = (value: unknown) =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

/** Inputs that must be filled in and are not; Slack's client asks for them before the bot hears of anything. */
const missingIn = (blocks: any[], values: Record<string, Record<string, unknown>>): Record<string, string> => {
  const missing: Record<string, string> = {};
  for (const { type, block_id: id, optional, element } of blocks) {
    if (type !== 'input') continue;
    const own = values[id] ?? {};
    const initial = Object.entries(element).find(([key]) => key.startsWith('initial_'))?.[1];
    const value = element.action_id in own ? own[element.action_id] : initial;
    if (!optional && isNothing(value)) missing[id] = 'Please fill this in.';
    else if (typeof value === 'string' && value !== '' && value.length < (element.min_length ?? 0))
      missing[id] = `At least ${element.min_length} characters, please.`;
  }
  return missing;
};
