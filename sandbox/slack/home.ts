import { type ActsWorld, createPeople } from './people.ts';

/** How long an opened home waits for the bot to publish it anew. */
const publishMilliseconds = 500;

/** Opens a person's App Home, and gives back what is published there. */
export const createHome = ({ workspace, events }: ActsWorld) => {
  const people = createPeople(workspace);
  return async (body: { user: string; tab?: 'home' | 'messages'; wait?: boolean }) => {
    const user = people.person(body.user);
    const before = workspace.homes.get(user.id);
    const hash = before?.hash;
    const told = await events.tell('app_home_opened', undefined, {
      type: 'app_home_opened',
      user: user.id,
      channel: workspace.directChannel(user.id).id,
      tab: body.tab ?? 'home',
      ...(before ? { view: before.view } : {}),
    });
    const until = performance.now() + ('skipped' in told || body.wait === false ? 0 : publishMilliseconds);
    while (workspace.homes.get(user.id)?.hash === hash && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 10));
    return { ...told, view: workspace.homes.get(user.id)?.view ?? null };
  };
};
