import { existsSync, readFileSync } from 'node:fs';
import { isIP, isIPv4 } from 'node:net';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { StartupError } from './errors';
import { LIMIT_NAMES, LIMIT_SETTINGS, type Limits } from './limits';
import { LOG_LEVELS, type LogLevel } from './log';

/** Everything that can be set from outside. */
export interface Config {
  /** Port of the HTTP server; 0 takes a free one. */
  port: number;
  /** Address that the HTTP server binds to. */
  host: string;
  /** Whether every caller needs a token: so wherever other machines can reach the server, and with an `adminToken`. */
  requireTokens: boolean;
  /** A secret that counts as the token of an ADMIN. */
  adminToken: string | undefined;
  /** Host names that the server is reached by; undefined for any with tokens, and for those of loopback without. */
  allowedHosts: readonly string[] | undefined;
  /** Origins of pages, other than the server's own, that may call it from a browser. */
  allowedOrigins: readonly string[];
  /** Folder of the embedded database, absolute. */
  dataDir: string;
  /** Connection string of a replica set or mongos; undefined means the embedded database. */
  mongodbUri: string | undefined;
  /** Loopback port of the embedded database beside its socket, for PyMongo, mongosh and the like; undefined for none. */
  embeddedPort: number | undefined;
  /** How queries run: compiled where they can be, or all of them by graphql-js. The answers are the same. */
  execution: Execution;
  logLevel: LogLevel;
  /** Minutes of silence after which a run that used to send heartbeats counts as STALLED. */
  stalledAfterMinutes: number;
  /** Operations that take so long and longer are lines in the log, in ms; 0 for none. */
  slowOperationMs: number;
  /** How long a start waits for a database that does not answer yet, in seconds. */
  databaseWaitSeconds: number;
  production: boolean;
  limits: Limits;
}

const EXECUTIONS = ['compiled', 'graphql-js'] as const;
export type Execution = (typeof EXECUTIONS)[number];

const MINUTES_OF_A_WEEK = 7 * 24 * 60;
const SECONDS_OF_AN_HOUR = 3600;

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/;
const HOST_AND_PORT = /^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/;

function toList(text: string): string[] {
  return text.split(',').flatMap((item) => item.trim() || []);
}

/** Whether a text is an origin as browsers send it: scheme, host and port, and nothing behind. */
function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

/** One setting: how its text is read, and the lines of .env.example that describe it (shown with each fault). */
interface Setting<T> {
  schema: z.ZodType<T>;
  help: string;
}

const SETTINGS = {
  PORT: {
    schema: z
      .string()
      .default('4000')
      .refine((text) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535, 'must be a whole number from 0 to 65535')
      .transform(Number),
    help: 'PORT=4000           # port of the HTTP server; 0 takes a free one',
  },
  HOST: {
    schema: z
      .string()
      .default('127.0.0.1')
      .refine(
        (text) => isIP(text) !== 0 || (HOST_NAME.test(text) && !/(^|\.)\d+$/.test(text)),
        'must be an IP address or a host name of this machine, without a port',
      ),
    help: 'HOST=127.0.0.1      # address to listen on; other than loopback, every caller needs a token',
  },
  REQUIRE_TOKENS: {
    schema: z
      .enum(['true', 'false'], 'must be true or false')
      .transform((text) => text === 'true')
      .optional(),
    help: 'REQUIRE_TOKENS=true   # ask for tokens on the loopback address, too: behind a proxy that others reach',
  },
  ADMIN_TOKEN: {
    schema: z
      .string()
      .refine(
        (text) => /^[\x21-\x7e]{32,512}$/.test(text),
        'must be 32 to 512 printable ASCII characters without spaces, taken at random',
      )
      .optional(),
    help: 'ADMIN_TOKEN=   # a secret that counts as the token of an ADMIN; such as `openssl rand -base64 32` prints',
  },
  ALLOWED_HOSTS: {
    schema: z
      .string()
      .transform(toList)
      .refine(
        (hosts) => hosts.length > 0 && hosts.every((host) => HOST_AND_PORT.test(host)),
        'must list host names as browsers show them, separated by commas, such as lab.example,10.0.0.5:4000',
      )
      .optional(),
    help: 'ALLOWED_HOSTS=lab.example   # host names that the server is reached by, separated by commas; others are refused',
  },
  ALLOWED_ORIGINS: {
    schema: z
      .string()
      .default('')
      .transform(toList)
      .refine(
        (origins) => origins.every(isOrigin),
        'must list origins, separated by commas, such as https://studio.apollographql.com,http://localhost:5173',
      ),
    help: 'ALLOWED_ORIGINS=https://studio.apollographql.com   # other sites whose pages may call the server (CORS)',
  },
  DATA_DIR: {
    schema: z
      .string()
      .default('./data')
      .refine((text) => text.trim() !== '' && !text.includes('\0'), 'must be the path of a folder')
      .transform((text) => path.resolve(text)),
    help: "DATA_DIR=./data     # folder of the embedded database; made if it isn't there",
  },
  MONGODB_URI: {
    schema: z
      .string()
      .refine(
        (text) => /^mongodb(\+srv)?:\/\/[^/\s]+/.test(text),
        'must be a connection string such as mongodb://127.0.0.1:27017/eeg2025?replicaSet=rs0',
      )
      .optional(),
    help: 'MONGODB_URI=mongodb://127.0.0.1:27017/eeg2025?replicaSet=rs0   # replica set or mongos, in place of DATA_DIR',
  },
  EMBEDDED_PORT: {
    schema: z
      .string()
      .refine(
        (text) => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535,
        'must be a port from 1 to 65535',
      )
      .transform(Number)
      .optional(),
    help: 'EMBEDDED_PORT=27017 # loopback port of the embedded database, for PyMongo and mongosh; it asks nobody for a password',
  },
  STALLED_AFTER_MINUTES: {
    schema: z
      .string()
      .default('5')
      .refine(
        (text) => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= MINUTES_OF_A_WEEK,
        `must be a whole number of minutes from 1 to ${MINUTES_OF_A_WEEK} (a week)`,
      )
      .transform(Number),
    help: 'STALLED_AFTER_MINUTES=5   # silence after which a run that used to send heartbeats counts as STALLED',
  },
  SLOW_OPERATION_MS: {
    schema: z
      .string()
      .default('1000')
      .refine((text) => /^\d{1,6}$/.test(text), 'must be a whole number of milliseconds from 0 to 999999')
      .transform(Number),
    help: 'SLOW_OPERATION_MS=1000   # operations that take as long are lines in the log; 0 for none',
  },
  DATABASE_WAIT_SECONDS: {
    schema: z
      .string()
      .default('60')
      .refine(
        (text) => /^\d{1,5}$/.test(text) && Number(text) <= SECONDS_OF_AN_HOUR,
        `must be a whole number of seconds from 0 to ${SECONDS_OF_AN_HOUR} (an hour)`,
      )
      .transform(Number),
    help: 'DATABASE_WAIT_SECONDS=60   # how long a start waits for the database at MONGODB_URI to answer; 0 is not at all',
  },
  EXECUTION: {
    schema: z.enum(EXECUTIONS, 'must be compiled or graphql-js').default('compiled'),
    help: 'EXECUTION=compiled  # how queries run: compiled, or graphql-js for the same answers more slowly',
  },
  LOG_LEVEL: {
    schema: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
    help: 'LOG_LEVEL=info      # fatal, error, warn, info, debug, trace or silent',
  },
  NODE_ENV: {
    schema: z
      .enum(['development', 'production', 'test'], 'must be development, production or test')
      .default('development'),
    help: 'NODE_ENV=development   # production refuses to run on the embedded database',
  },
} satisfies Record<string, Setting<unknown>>;

/** The setting of a limit: a whole number in a range. */
function limitSetting(name: keyof Limits): Setting<number> {
  const { variable, value, min, max, help } = LIMIT_SETTINGS[name];
  return {
    schema: z
      .string()
      .default(String(value))
      .refine(
        (text) => /^\d{1,12}$/.test(text) && Number(text) >= min && Number(text) <= max,
        `must be a whole number from ${min} to ${max}`,
      )
      .transform(Number),
    help: `${variable}=${value}   # ${help}`,
  };
}

const LIMITS = Object.fromEntries(LIMIT_NAMES.map((name) => [name, limitSetting(name)])) as Record<
  keyof Limits,
  Setting<number>
>;

/** Settings whose values are never shown: they are or may hold a password. */
const SECRETS: ReadonlySet<string> = new Set(['MONGODB_URI', 'ADMIN_TOKEN']);

/** The line of .env.example for each variable, by its name. A test holds the two together. */
export const SETTING_LINES: Readonly<Record<string, string>> = Object.fromEntries([
  ...Object.entries(SETTINGS).map(([name, { help }]) => [name, help]),
  ...LIMIT_NAMES.map((name) => [LIMIT_SETTINGS[name].variable, LIMITS[name].help]),
]) as Record<string, string>;

/** The variables of a .env file in the working directory; variables of the process win over them. */
function readEnvFile(folder: string): NodeJS.Dict<string> {
  const file = path.join(folder, '.env');
  return existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
}

/**
 * Reads the configuration from `environment`; an empty variable counts as not set. Throws one StartupError that lists
 * every fault with the line of .env.example that would be right. Secrets are never shown.
 */
export function parseConfig(environment: NodeJS.Dict<string>): Config {
  const faults: string[] = [];
  const read = <T>(name: string, { schema, help }: Setting<T>): T => {
    const text = environment[name] === '' ? undefined : environment[name];
    const result = schema.safeParse(text);
    if (result.success) return result.data;
    const shown = SECRETS.has(name) ? '' : ` (it is ${JSON.stringify(text)})`;
    const problem = result.error.issues.map((issue) => issue.message).join('; ');
    faults.push(`  ${name} ${problem}${shown}\n      ${help}`);
    return undefined as T;
  };
  const tokensAsked = read('REQUIRE_TOKENS', SETTINGS.REQUIRE_TOKENS);
  const adminToken = read('ADMIN_TOKEN', SETTINGS.ADMIN_TOKEN);
  const config: Config = {
    port: read('PORT', SETTINGS.PORT),
    host: read('HOST', SETTINGS.HOST),
    requireTokens: tokensAsked ?? adminToken !== undefined,
    adminToken,
    allowedHosts: read('ALLOWED_HOSTS', SETTINGS.ALLOWED_HOSTS),
    allowedOrigins: read('ALLOWED_ORIGINS', SETTINGS.ALLOWED_ORIGINS),
    dataDir: read('DATA_DIR', SETTINGS.DATA_DIR),
    mongodbUri: read('MONGODB_URI', SETTINGS.MONGODB_URI),
    embeddedPort: read('EMBEDDED_PORT', SETTINGS.EMBEDDED_PORT),
    stalledAfterMinutes: read('STALLED_AFTER_MINUTES', SETTINGS.STALLED_AFTER_MINUTES),
    slowOperationMs: read('SLOW_OPERATION_MS', SETTINGS.SLOW_OPERATION_MS),
    databaseWaitSeconds: read('DATABASE_WAIT_SECONDS', SETTINGS.DATABASE_WAIT_SECONDS),
    execution: read('EXECUTION', SETTINGS.EXECUTION),
    logLevel: read('LOG_LEVEL', SETTINGS.LOG_LEVEL),
    production: read('NODE_ENV', SETTINGS.NODE_ENV) === 'production',
    limits: Object.fromEntries(
      LIMIT_NAMES.map((name) => [name, read(LIMIT_SETTINGS[name].variable, LIMITS[name])]),
    ) as unknown as Limits,
  };
  const isLocal = config.host !== undefined && isLoopback(config.host);
  if (!isLocal) {
    if (tokensAsked === false) {
      faults.push(
        `  REQUIRE_TOKENS can't be false when HOST is not a loopback address: everyone on the network could write\n` +
          `      ${SETTINGS.HOST.help}`,
      );
    }
    config.requireTokens = true;
  }
  if (!config.requireTokens && config.allowedHosts?.some((host) => !isLoopback(host.replace(/:\d+$/, '')))) {
    faults.push(
      '  ALLOWED_HOSTS names other hosts than those of the loopback address, so that tokens must be asked for\n' +
        `      ${SETTINGS.REQUIRE_TOKENS.help}`,
    );
  }
  if (config.production && !config.mongodbUri && !faults.some((fault) => fault.includes('MONGODB_URI'))) {
    faults.push(
      '  MONGODB_URI must be set when NODE_ENV is production: the embedded database is for one machine and first looks\n' +
        `      ${SETTINGS.MONGODB_URI.help}`,
    );
  }
  if (faults.length > 0) {
    throw new StartupError(`The configuration is wrong (environment or .env):\n${faults.join('\n')}`);
  }
  return config;
}

/** The configuration of this process: its environment over the .env file of the working directory. */
export function loadConfig(): Config {
  return parseConfig({ ...readEnvFile(process.cwd()), ...process.env });
}
