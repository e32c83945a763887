import { SlackRefusal } from './slack-refusal.ts';
import type { Workspace } from './workspace.ts';
import type { SlackView } from './workspace-shapes.ts';

const deepest = 3;

/** Makes a modal of what the app wrote, on top of `under` when it is pushed. */
export const openView = (written: any, user: string, workspace: Workspace, under?: SlackView): SlackView => {
  if (under && stackOf(under, workspace).length >= deepest) throw new SlackRefusal('push_limit_reached');
  checkExternalId(written, undefined, workspace);
  const id = workspace.newId('V');
  const view: SlackView = { id, user, hash: '', open: true, view: {} };
  view.view = { root_view_id: under?.view.root_view_id ?? id, previous_view_id: under?.id ?? null };
  workspace.views.set(id, view);
  return writeView(view, written, workspace);
};

/** Puts other content into a view that is there; what people typed stays where block and action are the same. */
export const writeView = (view: SlackView, written: any, workspace: Workspace): SlackView => {
  checkExternalId(written, view.id, workspace);
  view.hash = `${Math.floor(Date.now() / 1000)}.${workspace.newId('')}`;
  view.view = {
    private_metadata: '',
    callback_id: '',
    external_id: '',
    ...(written.type === 'modal' ? { clear_on_close: false, notify_on_close: false, close: null, submit: null } : {}),
    ...written,
    blocks: workspace.withBlockIds(written.blocks),
    id: view.id,
    hash: view.hash,
    root_view_id: view.view.root_view_id ?? view.id,
    previous_view_id: view.view.previous_view_id ?? null,
    team_id: workspace.team.id,
    app_id: workspace.appId,
    app_installed_team_id: workspace.team.id,
    bot_id: workspace.bot.id,
    state: { values: {} },
  };
  workspace.changed({ kind: 'view', id: view.id });
  return view;
};

/** Open modals that lie on each other, the lowest first. */
export const stackOf = (view: SlackView, workspace: Workspace): SlackView[] =>
  [...workspace.views.values()].filter((each) => each.open && each.view.root_view_id === view.view.root_view_id);

export const closeView = (view: SlackView, workspace: Workspace): void => {
  view.open = false;
  workspace.changed({ kind: 'view', id: view.id });
};

const checkExternalId = (written: any, own: string | undefined, workspace: Workspace): void => {
  if (!written.external_id) return;
  for (const { id, open, view } of workspace.views.values())
    if (open && id !== own && view.external_id === written.external_id) throw new SlackRefusal('duplicate_external_id');
};
