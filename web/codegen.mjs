import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { codegen } from '@graphql-codegen/core';
import * as documentNodes from '@graphql-codegen/typed-document-node';
import * as operations from '@graphql-codegen/typescript-operations';
import { buildSchema, parse } from 'graphql';
import { format, resolveConfig } from 'prettier';

/**
 * Writes web/src/api/documents.ts: every operation of web/src/api/operations.graphql as text with the types of its
 * variables and its answer, from schema.graphql. With `--check`, fails where the file is not what it would write.
 */
const API = path.join(import.meta.dirname, 'src/api');
const SOURCE = path.join(API, 'operations.graphql');
const TARGET = path.join(API, 'documents.ts');
const HEADER =
  '// Emitted by `npm run web:documents` from operations.graphql and schema.graphql; `npm run check` fails when it is not.\n';

const schemaText = readFileSync(path.join(import.meta.dirname, '../schema.graphql'), 'utf8');
const schema = buildSchema(schemaText);
const config = {
  documentMode: 'string',
  useTypeImports: true,
  pureMagicComment: true,
  enumsAsTypes: true,
  skipTypename: true,
  dedupeFragments: true,
  avoidOptionals: { field: true, inputValue: false, object: false },
  strictScalars: true,
  defaultScalarType: 'unknown',
  scalars: {
    ID: 'string',
    DateTime: 'string',
    SafeInt: 'number',
    JSON: 'unknown',
    JSONObject: 'Record<string, unknown>',
    MetricValue: 'number | "NaN" | "Infinity" | "-Infinity"',
    MetricMap: 'Record<string, number | "NaN" | "Infinity" | "-Infinity">',
  },
};

const emitted = await codegen({
  filename: TARGET,
  schema: parse(schemaText),
  schemaAst: schema,
  documents: [{ location: SOURCE, document: parse(readFileSync(SOURCE, 'utf8')) }],
  config,
  plugins: [{ operations: {} }, { documentNodes: {} }],
  pluginMap: { operations, documentNodes },
});
const written = await format(HEADER + emitted, { ...(await resolveConfig(TARGET)), parser: 'typescript' });

if (!process.argv.includes('--check')) {
  writeFileSync(TARGET, written);
} else if (written !== readFileSync(TARGET, 'utf8')) {
  console.error('web/src/api/documents.ts is not what its sources give; run `npm run web:documents`.');
  process.exitCode = 1;
}
