import { applicationRole } from '../../journal/migrate.ts';
import { type LoginRights, rightsOfLogin } from '../../journal/rights.ts';
import { bad, type Finding, good } from './finding.ts';

/** What the user of DATABASE_URL could do to the audit trail: nothing but add to it and read it, if it is as it should be. */
export const lookAtLogin = async (url: string): Promise<Finding[]> => judgeLogin(await rightsOfLogin(url));

/** One finding for each right too many, each with the line of SQL that mends it. */
export const judgeLogin = ({ user, database, ...rights }: LoginRights): Finding[] => {
  const quoted = JSON.stringify(database);
  const another = `As the owner: CREATE ROLE mayday_bot LOGIN PASSWORD '…' IN ROLE ${applicationRole}; GRANT CREATE ON DATABASE ${quoted} TO mayday_bot; DROP SCHEMA IF EXISTS bullmq CASCADE; then put its address into DATABASE_URL, and the one of now into DATABASE_OWNER_URL.`;
  if (!rights.mayWork)
    return [
      bad(
        `Database: ${user} may not work as ${applicationRole}`,
        `As the owner: GRANT ${applicationRole} TO ${JSON.stringify(user)};`,
      ),
    ];
  // A superuser has every right there is: saying each of them again would help nobody.
  if (rights.isSuperuser)
    return [bad(`Database: ${user} is a superuser, so whoever has DATABASE_URL can rewrite the audit trail`, another)];
  if (rights.ownsJournal)
    return [
      bad(`Database: ${user} owns the journal, so whoever has DATABASE_URL can rewrite the audit trail`, another),
    ];
  if (rights.mayChange.length === 0) return [good(`Database: ${user} may add to the audit trail and read it, no more`)];
  return rights.mayChange.map((change) => {
    const [right, , table] = change.split(' ');
    return bad(
      `Database: ${user} has ${change}`,
      `As the owner: REVOKE ${right} ON ${table} FROM ${JSON.stringify(user)}, ${applicationRole}, PUBLIC;`,
    );
  });
};
