import { html } from './html.ts';
import { Text } from './mrkdwn-view.ts';
import { useDialog } from './use-dialog.ts';

/** The question that an element asks before it does anything. */
export const Confirm = ({ of, onYes, onNo }: { of: any; onYes(): void; onNo(): void }) => {
  const dialog = useDialog();
  const close = (event: Event) => {
    event.preventDefault();
    onNo();
  };
  return html`<dialog ref=${dialog} class="dialog confirm" onCancel=${close} aria-labelledby="confirm-title">
    <h2 id="confirm-title"><${Text} of=${of.title} /></h2>
    <div class="dialog-body"><${Text} of=${of.text} /></div>
    <div class="dialog-foot">
      <button class="button" onClick=${onNo}><${Text} of=${of.deny} /></button>
      <button class=${`button ${of.style === 'danger' ? 'danger' : 'primary'}`} autofocus onClick=${onYes}>
        <${Text} of=${of.confirm} />
      </button>
    </div>
  </dialog>`;
};
