import { checkView } from './check-view.ts';
import type { Method, MethodWorld } from './method.ts';
import { findUser } from './people-methods.ts';
import { SlackRefusal } from './slack-refusal.ts';
import { openView, writeView } from './views.ts';
import type { SlackView } from './workspace-shapes.ts';

/** `views.*`. */
export const viewMethods: Record<string, Method> = {
  'views.open': {
    tier: 4,
    needs: ['view'],
    takes: ['trigger_id', 'interactivity_pointer'],
    run(args, world) {
      checkView(args.view, 'modal');
      const { user } = world.triggers.exchange(String(args.trigger_id ?? ''));
      return told(world, 'slack:views.open', openView(args.view, user, world.workspace));
    },
  },
  'views.push': {
    tier: 4,
    needs: ['view'],
    takes: ['trigger_id', 'interactivity_pointer'],
    run(args, world) {
      checkView(args.view, 'modal');
      const { user, view: from } = world.triggers.exchange(String(args.trigger_id ?? ''), 'views.push');
      const under = world.workspace.views.get(from ?? '');
      if (!under?.open) throw new SlackRefusal('not_found');
      return told(world, 'slack:views.push', openView(args.view, user, world.workspace, under));
    },
  },
  'views.update': {
    tier: 4,
    needs: ['view'],
    takes: ['view_id', 'external_id', 'hash'],
    run(args, world) {
      if (args.view_id === undefined && args.external_id === undefined)
        throw new SlackRefusal('invalid_arguments', ['[ERROR] view_id or external_id is needed']);
      const known =
        args.view_id === undefined
          ? [...world.workspace.views.values()].find(({ open, view }) => open && view.external_id === args.external_id)
          : world.workspace.views.get(args.view_id);
      if (!known?.open) throw new SlackRefusal('not_found');
      if (args.hash !== undefined && args.hash !== known.hash) throw new SlackRefusal('hash_conflict');
      checkView(args.view, 'modal');
      return told(world, 'slack:views.update', writeView(known, args.view, world.workspace));
    },
  },
  'views.publish': {
    tier: 4,
    needs: ['user_id', 'view'],
    takes: ['hash'],
    run(args, world) {
      const { workspace } = world;
      const user = findUser(args.user_id, workspace);
      checkView(args.view, 'home');
      const known = workspace.homes.get(user.id);
      if (known && args.hash !== undefined && args.hash !== known.hash) throw new SlackRefusal('hash_conflict');
      const home: SlackView = known ?? { id: workspace.newId('V'), user: user.id, hash: '', open: true, view: {} };
      workspace.homes.set(user.id, home);
      return told(world, 'slack:views.publish', writeView(home, args.view, workspace));
    },
  },
};

const told = ({ context }: MethodWorld, change: string, view: SlackView) => {
  context.ledger.accept(change, `slack:${view.user}`, { view: view.id }).visible();
  return { view: view.view };
};
