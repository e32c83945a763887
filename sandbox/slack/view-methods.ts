import { checkView } from './check-blocks.ts';
import type { Method, MethodWorld } from './method.ts';
import { findUser } from './people-methods.ts';
import { SlackRefusal } from './slack-refusal.ts';
import type { SlackView } from './workspace.ts';

/** `views.*`. */
export const viewMethods: Record<string, Method> = {
  'views.open': {
    tier: 4,
    needs: ['view'],
    takes: ['trigger_id', 'interactivity_pointer'],
    run(args, world) {
      checkView(args.view, 'modal');
      const user = world.triggers.exchange(String(args.trigger_id ?? ''));
      const view = storeView(args.view, user, world);
      world.context.ledger.accept('slack:views.open', `slack:${user}`, { view: view.id }).visible();
      return { view: view.view };
    },
  },
  'views.update': {
    tier: 4,
    needs: ['view'],
    takes: ['view_id', 'external_id', 'hash'],
    run(args, world) {
      const known = world.workspace.views.get(args.view_id);
      if (!known?.open) throw new SlackRefusal('not_found');
      if (args.hash !== undefined && args.hash !== known.hash) throw new SlackRefusal('hash_conflict');
      checkView(args.view, 'modal');
      const view = storeView(args.view, known.user, world, known.id);
      world.context.ledger.accept('slack:views.update', `slack:${known.user}`, { view: view.id }).visible();
      return { view: view.view };
    },
  },
  'views.publish': {
    tier: 4,
    needs: ['user_id', 'view'],
    takes: ['hash'],
    run(args, world) {
      const user = findUser(args.user_id, world.workspace);
      checkView(args.view, 'home');
      const known = [...world.workspace.views.values()].find(
        ({ view, user: owner }) => view.type === 'home' && owner === user.id,
      );
      if (known && args.hash !== undefined && args.hash !== known.hash) throw new SlackRefusal('hash_conflict');
      const view = storeView(args.view, user.id, world, known?.id);
      world.context.ledger.accept('slack:views.publish', `slack:${user.id}`, { view: view.id }).visible();
      return { view: view.view };
    },
  },
};

export const storeView = (
  written: any,
  user: string,
  world: Pick<MethodWorld, 'workspace'>,
  id?: string,
): SlackView => {
  const { workspace } = world;
  const viewId = id ?? workspace.newId('V');
  const hash = workspace.newId('');
  const blocks = written.blocks.map((block: any) => ({ block_id: workspace.newId('b'), ...block }));
  const view: SlackView = {
    id: viewId,
    user,
    hash,
    open: true,
    view: {
      private_metadata: '',
      callback_id: '',
      ...written,
      blocks,
      id: viewId,
      hash,
      team_id: workspace.team.id,
      app_id: workspace.appId,
      bot_id: workspace.bot.id,
      state: { values: {} },
    },
  };
  workspace.views.set(viewId, view);
  return view;
};
