import type { ApiToken } from '../../types/ApiToken';
import type { Role } from '../../types/enums/Role';
import { loadConfig } from '../config';
import { ApiError, StartupError } from '../errors';
import { createLog } from '../log';
import { openConfiguredDatabase } from '../open-database';
import { createStores } from '../stores';
import type { TokenStore } from '../stores/tokens';
import { toObjectId } from '../stores/values';
import { columns } from './columns';
import { inSentences } from './database-errors';

const A_DAY_MS = 24 * 3_600_000;
const MOST_DAYS = 36_500;
const INSTANT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** Opens the configured database, beside a server that uses it or without one, for `work` on its tokens. */
async function withTokens(work: (tokens: TokenStore) => Promise<void>): Promise<void> {
  const config = loadConfig();
  const log = createLog(config.logLevel);
  const opened = await openConfiguredDatabase(config, log, { whenInUse: 'join' });
  try {
    const { tokens } = createStores(opened.database, log, config);
    await inSentences(() => work(tokens), 'Look at `token list`, and do what is missing.');
  } catch (error) {
    throw error instanceof ApiError ? new StartupError(error.message) : error;
  } finally {
    await opened.close();
  }
}

/** A number of days from now, or a day or instant of ISO 8601; a day without a time begins in UTC. */
function toExpiry(text: string): Date {
  if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= MOST_DAYS) {
    return new Date(Date.now() + Number(text) * A_DAY_MS);
  }
  const instant = INSTANT.test(text) ? new Date(text) : undefined;
  if (instant && !Number.isNaN(instant.getTime())) return instant;
  throw new StartupError(
    `--expires takes a number of days from 1 to ${MOST_DAYS}, or a time such as 2027-01-31T00:00:00Z.`,
  );
}

/** `token create NAME`: the secret alone on stdout, so that a script can take it; what it is on stderr. */
export async function createTokenCommand(name: string, flags: { role: Role; expires?: string }): Promise<void> {
  const expiresAt = flags.expires === undefined ? null : toExpiry(flags.expires);
  await withTokens(async (tokens) => {
    const { apiToken, secret } = await tokens.create(name, flags.role, expiresAt);
    process.stderr.write(`Token ${String(apiToken._id)}, ${describe(apiToken)}. Its secret is shown this once:\n`);
    process.stdout.write(`${secret}\n`);
  });
}

/** `token list`: a line a token. */
export async function listTokensCommand(): Promise<void> {
  await withTokens(async (tokens) => {
    const all = await tokens.list();
    if (all.length === 0) {
      process.stdout.write('There are no tokens. `token create NAME --role ADMIN` makes one.\n');
      return;
    }
    const rows = all.map((token) => [
      String(token._id),
      token.role,
      `made ${day(token.created_at)}`,
      token.last_used_at ? `used ${day(token.last_used_at)}` : 'never used',
      token.expires_at ? `${token.expires_at <= new Date() ? 'expired' : 'until'} ${day(token.expires_at)}` : '',
      JSON.stringify(token.name),
    ]);
    process.stdout.write(`${columns(rows).join('\n')}\n`);
  });
}

/** `token revoke ID`: exits with 1 where there is no such token. */
export async function revokeTokenCommand(id: string): Promise<void> {
  await withTokens(async (tokens) => {
    if (!(await tokens.revoke(toObjectId(id, 'id')))) {
      throw new StartupError(`There is no token ${id}; \`token list\` shows those that there are.`);
    }
    process.stdout.write(`Token ${id} is revoked.\n`);
  });
}

function day(instant: Date): string {
  return instant.toISOString().slice(0, 16).replace('T', ' ');
}

function describe({ name, role, expires_at }: ApiToken): string {
  return `${role}, for ${JSON.stringify(name)}, ${expires_at ? `until ${expires_at.toISOString()}` : 'for good'}`;
}
