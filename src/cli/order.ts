import { createDirectory } from '../authority/directory.ts';
import { sha256 } from '../canonical.ts';
import { createOrders, type Order } from '../chat/orders.ts';
import { readSettings } from '../config.ts';
import type { Clock, FlowPlan, Json, PersonView } from '../define.ts';
import { hashToApprove } from '../engine/approvals.ts';
import { measureLosses } from '../engine/bounds.ts';
import { MaydayError, messageOf } from '../errors.ts';
import type { Database } from '../journal/database.ts';
import { createInbox } from '../journal/inbox.ts';
import { createLog } from '../logging.ts';
import type { Plan } from '../plan/plan.ts';
import { viewPlan } from '../plan/view.ts';
import { createTools, loadPlans } from '../plan-language.ts';
import { redact } from '../redact.ts';
import { orderText, proveOrder, type SignedOrder } from '../ssh/signed-order.ts';
import { steeredBy } from '../steered-by.ts';
import { forgetLinks } from '../step-up/step-up.ts';
import { createWatch } from '../watch/watch.ts';
import { type OpenJournal, withJournal } from './open.ts';
import { print } from './print.ts';
import { signOrder } from './sign.ts';

export interface Identity {
  /** Name of a person of the plan. */
  as: string;
  /** File of their SSH key; in a rehearsal nobody has to prove who they are. */
  key?: string;
}

/** Carries out a person's order from the command line, by the same rules as from Slack. */
export const giveOrder = async (runId: string, order: Order, identity: Identity): Promise<void> =>
  withJournal(process.env, async (journal) => print(await carryOut(runId, order, identity, journal)));

const carryOut = async (runId: string, given: Order, identity: Identity, journal: OpenJournal): Promise<string> => {
  const { store, clock, environment } = journal;
  if (identity.key === undefined && !journal.isRehearsal) throw unsigned(identity.as);
  const handle = await store.open(runId);
  const state = await handle.refresh();
  const { graph } = state.created;
  const order: Order =
    given.deed === 'approve'
      ? { ...given, hash: hashToApprove(state), stepUp: 'signature' }
      : given.deed === 'allow'
        ? { ...given, stepUp: 'signature' }
        : 'reason' in given
          ? { ...given, reason: redact(given.reason) }
          : given;
  const log = createLog('error');
  const { systems, registry, plans } = loadPlans(
    readSettings(environment),
    createTools(readSettings(environment), environment, clock, log),
  );
  try {
    const plan = plans.find(graph.plan);
    const view = viewPlan(plan, registry);
    const person = personNamed(view, identity.as);
    await proveIdentity(
      order as unknown as Json,
      { run: runId, hash: hashToApprove(state) },
      person,
      identity,
      journal,
    );
    const watch = createWatch({ pool: journal.database.pool, clock, log, registry, plans: () => plans.all() });
    const orders = createOrders({
      store,
      clock,
      log,
      directory: createDirectory(systems),
      steeredBy: (state) => steeredBy(state, plans, registry, clock.now()),
      people: () => peopleOf(plan, view),
      planDigest: () => plan.digest,
      withdrawn: (approver, run) => forgetLinks(journal.database.pool, approver, run, clock.wall()),
      measure: (state) => measureLosses(state, (name, input, signal) => watch.readLoss(name, input, signal)),
    });
    const said = await orders.give(runId, order, { person: person.slack, name: person.name, via: 'command-line' });
    return said.replaceAll('`', '');
  } finally {
    await Promise.allSettled(systems.all.map((system) => system.close()));
  }
};

/**
 * Proves who gives an order and puts the signed text on record, once: the same signature again is refused. In a rehearsal
 * there is nobody to be protected from, and no key of the made-up people. Without a database nothing can keep the proof, so
 * it is handed back for the run's own record.
 */
export const proveIdentity = async (
  order: Json,
  about: Json,
  person: PersonView & { slack: string },
  { key }: Pick<Identity, 'key'>,
  { database, clock, isRehearsal }: { database: Database | undefined; clock: Clock; isRehearsal: boolean },
): Promise<{ text: string; signature: string } | undefined> => {
  if (key === undefined && isRehearsal) return undefined;
  const { signed, signature } = await signedBy(order, about, person, key, clock.wall());
  const proof = { text: orderText(signed), signature };
  if (!database) return proof;
  const inbox = createInbox(database.pool, () => clock.wall());
  const receipt = `signed:${sha256(signature)}`;
  const actor = `command-line:${person.slack}`;
  const body = JSON.stringify(proof);
  if ((await inbox.receive({ key: receipt, kind: 'signed-order', body, actor, summary: proof })) === 'seen')
    throw new MaydayError('authority/refused', 'This signed order was given before. Nothing was done.');
  await inbox.handled(receipt);
  return proof;
};

/** Has a person sign an order and proves it by the key that the plan pins. Throws `authority/refused`. */
const signedBy = async (
  order: Json,
  about: Json,
  person: PersonView & { slack: string },
  key: string | undefined,
  now: Date,
): Promise<{ signed: SignedOrder; signature: string }> => {
  if (key === undefined) throw unsigned(person.name);
  const signed: SignedOrder = { order, about, person: person.slack, at: now.toISOString() };
  const signature = await signOrder(signed, key);
  proveOrder(signed, signature, person, now);
  return { signed, signature };
};

const unsigned = (name: string) =>
  new MaydayError(
    'authority/refused',
    `An order on the command line needs a signature: say --key with the file of the SSH key of ${name}. Without one it is taken in a rehearsal only. Nothing was done.`,
  );

export const peopleOf = (plan: Plan, view: FlowPlan): PersonView[] =>
  Object.keys(plan.text.people).map((name) => view.person(name));

export const personNamed = (view: FlowPlan, name: string): PersonView & { slack: string } => {
  let person: PersonView;
  try {
    person = view.person(name);
  } catch (error) {
    throw new MaydayError('input/invalid', `In ${view.plan} ${messageOf(error)} Nothing was done.`);
  }
  if (person.slack === undefined)
    throw new MaydayError(
      'input/invalid',
      `${person.name} has no Slack user in ${view.plan}, by which a person is known; add "slack:" under people.${name}. Nothing was done.`,
    );
  return { ...person, slack: person.slack };
};
