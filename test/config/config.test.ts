import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { loadConfig, parseConfig, SETTING_LINES } from '../../src/config';
import { StartupError } from '../../src/errors';
import { DEFAULT_LIMITS, LIMIT_NAMES, LIMIT_SETTINGS } from '../../src/limits';
import { REPOSITORY } from '../kit/embedded';

const EXAMPLE = readFileSync(path.join(REPOSITORY, '.env.example'), 'utf8');
const NAMES = [
  'PORT',
  'HOST',
  'REQUIRE_TOKENS',
  'ADMIN_TOKEN',
  'ALLOWED_HOSTS',
  'ALLOWED_ORIGINS',
  'DATA_DIR',
  'MONGODB_URI',
  'EMBEDDED_PORT',
  'STALLED_AFTER_MINUTES',
  'SLOW_OPERATION_MS',
  'DATABASE_WAIT_SECONDS',
  'EXECUTION',
  'LOG_LEVEL',
  'NODE_ENV',
];
const LIMITS = LIMIT_NAMES.map((name) => LIMIT_SETTINGS[name]);
const WRONG = {
  PORT: '70000',
  HOST: '127.0.0.1:4000',
  REQUIRE_TOKENS: 'yes',
  ADMIN_TOKEN: 'hunter2',
  ALLOWED_HOSTS: 'https://lab.example',
  ALLOWED_ORIGINS: 'lab.example',
  DATA_DIR: ' ',
  EMBEDDED_PORT: '0',
  MONGODB_URI: 'http://clerk:pa55word@db/eeg2025',
  STALLED_AFTER_MINUTES: '0',
  SLOW_OPERATION_MS: '1.5',
  DATABASE_WAIT_SECONDS: '3601',
  EXECUTION: 'jit',
  LOG_LEVEL: 'loud',
  NODE_ENV: 'prod',
  ...Object.fromEntries(LIMITS.map(({ variable, min }) => [variable, String(min - 1)])),
};

/** The message of the StartupError that these variables end in. */
function faultOf(environment: NodeJS.Dict<string>): string {
  try {
    parseConfig(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(StartupError);
    return (error as StartupError).message;
  }
  throw new Error(`Taken as right: ${JSON.stringify(environment)}`);
}

describe('what may be set', () => {
  test('nothing set means a loopback server on the embedded database in ./data', () => {
    expect(parseConfig({})).toEqual({
      port: 4000,
      host: '127.0.0.1',
      requireTokens: false,
      adminToken: undefined,
      allowedHosts: undefined,
      allowedOrigins: [],
      dataDir: path.resolve('data'),
      mongodbUri: undefined,
      stalledAfterMinutes: 5,
      slowOperationMs: 1000,
      databaseWaitSeconds: 60,
      execution: 'compiled',
      logLevel: 'info',
      production: false,
      limits: DEFAULT_LIMITS,
    });
  });

  test('every variable is read, and the folder is made absolute', () => {
    const uri = 'mongodb+srv://clerk:pa55word@cluster.example/lab?replicaSet=rs0';
    expect(
      parseConfig({
        PORT: '0',
        HOST: '::1',
        REQUIRE_TOKENS: 'true',
        ADMIN_TOKEN: '0123456789'.repeat(4),
        ALLOWED_HOSTS: 'lab.example, 10.0.0.5:4000,[fd00::1]:4000',
        ALLOWED_ORIGINS: 'https://studio.apollographql.com,http://localhost:5173',
        DATA_DIR: 'runs/db',
        MONGODB_URI: uri,
        STALLED_AFTER_MINUTES: '10080',
        SLOW_OPERATION_MS: '0',
        DATABASE_WAIT_SECONDS: '0',
        EXECUTION: 'graphql-js',
        LOG_LEVEL: 'silent',
        NODE_ENV: 'production',
        ...Object.fromEntries(LIMITS.map(({ variable, max }) => [variable, String(max)])),
      }),
    ).toEqual({
      port: 0,
      host: '::1',
      requireTokens: true,
      adminToken: '0123456789'.repeat(4),
      allowedHosts: ['lab.example', '10.0.0.5:4000', '[fd00::1]:4000'],
      allowedOrigins: ['https://studio.apollographql.com', 'http://localhost:5173'],
      dataDir: path.resolve('runs/db'),
      mongodbUri: uri,
      stalledAfterMinutes: 10_080,
      slowOperationMs: 0,
      databaseWaitSeconds: 0,
      execution: 'graphql-js',
      logLevel: 'silent',
      production: true,
      limits: Object.fromEntries(LIMIT_NAMES.map((name) => [name, LIMIT_SETTINGS[name].max])),
    });
  });

  test('an empty variable counts as not set', () => {
    expect(parseConfig(Object.fromEntries(NAMES.map((name) => [name, ''])))).toEqual(parseConfig({}));
  });
});

describe('what is refused', () => {
  test('all faults at once, each with its value and the line that would be right', () => {
    const fault = faultOf(WRONG);
    for (const name of [...NAMES, ...LIMITS.map(({ variable }) => variable)]) {
      expect(fault).toMatch(new RegExp(`\\n  ${name} must (be|list) `));
      expect(fault).toContain(SETTING_LINES[name]);
    }
    for (const shown of ['"70000"', '"127.0.0.1:4000"', '"yes"', '" "', '"loud"', '"prod"'])
      expect(fault).toContain(`(it is ${shown})`);
    expect(fault).not.toContain('hunter2');
    expect(fault.match(/^ {2}[A-Z_]+ /gm)).toHaveLength(NAMES.length + LIMITS.length);
  });

  test('one fault alone is reported alone', () => {
    expect(faultOf({ PORT: 'http' }).match(/^ {2}[A-Z_]+ /gm)).toEqual(['  PORT ']);
  });

  test.each(['-1', '65536', '4000.5', '1e3', ' 80', '0x50'])('PORT %j', (PORT) => {
    expect(faultOf({ PORT })).toContain('PORT must be a whole number from 0 to 65535');
  });

  test.each(['127.0.0.1:4000', 'http://lab.example', 'lab_1', '-lab', 'a..b', '1.2.3.4/8', '127.0.0.999'])(
    'HOST %j',
    (HOST) => {
      expect(faultOf({ HOST })).toContain('HOST must be an IP address or a host name of this machine');
    },
  );

  test.each(
    LIMITS.flatMap(({ variable, min, max }) => [
      [variable, `${min - 1}`],
      [variable, `${max + 1}`],
      [variable, `${max}.5`],
      [variable, '1e3'],
    ]),
  )('%s %j', (variable, value) => {
    expect(faultOf({ [variable]: value })).toContain(`${variable} must be a whole number from `);
  });

  test.each(['0.0.0.0', '::', '192.168.1.4', 'lab.example', 'gpu-node1', 'localhost.example'])(
    'HOST %j without tokens; with them it is served',
    (HOST) => {
      expect(faultOf({ HOST, REQUIRE_TOKENS: 'false' })).toContain("REQUIRE_TOKENS can't be false");
      expect(parseConfig({ HOST })).toMatchObject({ host: HOST, requireTokens: true });
    },
  );

  test('tokens are asked for on the loopback address where that is said, or where there is an ADMIN_TOKEN', () => {
    const ADMIN_TOKEN = 'x'.repeat(32);
    expect(parseConfig({ REQUIRE_TOKENS: 'true' }).requireTokens).toBe(true);
    expect(parseConfig({ ADMIN_TOKEN }).requireTokens).toBe(true);
    expect(parseConfig({ ADMIN_TOKEN, REQUIRE_TOKENS: 'false' }).requireTokens).toBe(false);
  });

  test.each(['short', 'x'.repeat(31), `${'x'.repeat(40)} y`, 'x'.repeat(513), 'ä'.repeat(40)])(
    'ADMIN_TOKEN %j, without showing it',
    (ADMIN_TOKEN) => {
      const fault = faultOf({ ADMIN_TOKEN });
      expect(fault).toContain('ADMIN_TOKEN must be 32 to 512 printable ASCII characters');
      expect(fault).not.toContain(ADMIN_TOKEN);
    },
  );

  test.each([',', 'http://a', 'a b', '*', 'a:port'])('ALLOWED_HOSTS %j', (ALLOWED_HOSTS) => {
    expect(faultOf({ ALLOWED_HOSTS })).toContain('ALLOWED_HOSTS must list host names');
  });

  test('ALLOWED_HOSTS that others reach, without tokens', () => {
    expect(faultOf({ ALLOWED_HOSTS: 'localhost,lab.example' })).toContain('so that tokens must be asked for');
    expect(parseConfig({ ALLOWED_HOSTS: 'localhost:4000' }).allowedHosts).toEqual(['localhost:4000']);
    expect(parseConfig({ ALLOWED_HOSTS: 'lab.example', REQUIRE_TOKENS: 'true' }).allowedHosts).toHaveLength(1);
  });

  test.each([
    '*',
    'null',
    'lab.example',
    'https://lab.example/',
    'https://lab.example/x',
    'ftp://a',
    'https://A.example',
  ])('ALLOWED_ORIGINS %j', (ALLOWED_ORIGINS) => {
    expect(faultOf({ ALLOWED_ORIGINS })).toContain('ALLOWED_ORIGINS must list origins');
  });

  test.each(['localhost:27017', 'mongodb://', 'mongodb:///eeg2025', 'http://clerk:pa55word@db', 'mongo:pa55word'])(
    'MONGODB_URI %j, without showing it',
    (MONGODB_URI) => {
      const fault = faultOf({ MONGODB_URI });
      expect(fault).toContain('MONGODB_URI must be a connection string');
      expect(fault.replaceAll(SETTING_LINES.MONGODB_URI!, '')).not.toContain('(it is');
      expect(fault).not.toContain('pa55word');
      expect(fault).not.toContain('clerk');
    },
  );

  test('no other fault shows the credentials of a MONGODB_URI', () => {
    const fault = faultOf({ ...WRONG, MONGODB_URI: 'mongodb://clerk:pa55word@db/eeg2025' });
    expect(fault).not.toMatch(/clerk|pa55word/);
    expect(fault).not.toMatch(/^ {2}MONGODB_URI /m);
  });

  test('production on the embedded database', () => {
    expect(faultOf({ NODE_ENV: 'production' })).toMatch(/^ {2}MONGODB_URI must be set when NODE_ENV is production/m);
  });

  test('production with a wrong MONGODB_URI says once what is wrong with it', () => {
    const fault = faultOf({ NODE_ENV: 'production', MONGODB_URI: 'db:27017' });
    expect(fault.match(/^ {2}MONGODB_URI /gm)).toHaveLength(1);
  });
});

describe('.env', () => {
  let home: string;
  let folder: string;
  beforeEach(() => {
    home = process.cwd();
    folder = mkdtempSync(path.join(tmpdir(), 'epochgraph-test-'));
    process.chdir(folder);
  });
  afterEach(() => {
    process.chdir(home);
    delete process.env.PORT;
    rmSync(folder, { recursive: true, force: true });
  });

  test('is read from the working directory, and the variables of the process win over it', () => {
    writeFileSync('.env', 'PORT=4100 # ours\nLOG_LEVEL=warn\n');
    expect(loadConfig()).toMatchObject({ port: 4100, logLevel: 'warn' });
    process.env.PORT = '4200';
    expect(loadConfig()).toMatchObject({ port: 4200, logLevel: 'warn' });
  });
});

describe('.env.example', () => {
  /** Its lines that are a setting, live or commented out. */
  const lines = EXAMPLE.split('\n').flatMap((line) => /^(?:# )?([A-Z_]+=.*)$/.exec(line)?.[1] ?? []);

  test('holds the line of every variable, and none besides', () => {
    expect(lines.sort()).toEqual(Object.values(SETTING_LINES).sort());
    for (const [name, line] of Object.entries(SETTING_LINES)) expect(line.startsWith(`${name}=`)).toBe(true);
  });

  test('changes nothing when it is copied as it is', () => {
    expect(parseConfig(parseEnv(EXAMPLE))).toEqual(parseConfig({}));
  });

  test('names a MONGODB_URI that is taken once the mark is removed', () => {
    const uri = parseEnv(EXAMPLE.replace('# MONGODB_URI', 'MONGODB_URI')).MONGODB_URI;
    expect(parseConfig({ MONGODB_URI: uri }).mongodbUri).toBe('mongodb://127.0.0.1:27017/eeg2025?replicaSet=rs0');
  });

  test("the README's table lists the same variables", () => {
    const readme = readFileSync(path.join(REPOSITORY, 'README.md'), 'utf8');
    const listed = [...readme.matchAll(/^\| `([A-Z_]+)` +\| (?:`([^`]+)`|–)/gm)].map(([, name, value]) => [
      name,
      value,
    ]);
    const example = parseEnv(EXAMPLE);
    expect(listed).toEqual(NAMES.map((name) => [name, example[name]]));
  });

  test('docs/limits.md lists the limits, with their defaults, bounds and names in serverInfo', () => {
    const text = readFileSync(path.join(REPOSITORY, 'docs/limits.md'), 'utf8');
    const listed = [...text.matchAll(/^\| `(LIMIT_[A-Z_]+)` +\| `(\w+)` +\| (\d+) +\| (\d+) to (\d+) +\|/gm)];
    expect(listed.map((row) => row.slice(1))).toEqual(
      LIMIT_NAMES.map((name) => {
        const { variable, value, min, max } = LIMIT_SETTINGS[name];
        return [variable, name, String(value), String(min), String(max)];
      }),
    );
  });
});
