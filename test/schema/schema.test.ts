import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  buildSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedScalarType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLSchema,
} from 'graphql';
import { createSchema } from '../../src/schema';
import { schemaText } from '../../src/schema-file';
import { REPOSITORY } from '../kit/embedded';

type AnyField = GraphQLField<unknown, unknown> | GraphQLInputField;

function* fieldsOf(schema: GraphQLSchema): Generator<[string, AnyField]> {
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue;
    if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) yield [`${type.name}.${field.name}`, field];
    }
  }
}

function* elementsOf(schema: GraphQLSchema): Generator<[string, { description?: string | null | undefined }]> {
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__') || isSpecifiedScalarType(type)) continue;
    if (!['Query', 'Mutation', 'Subscription'].includes(type.name)) yield [type.name, type];
    if (isEnumType(type)) for (const value of type.getValues()) yield [`${type.name}.${value.name}`, value];
  }
  for (const [name, field] of fieldsOf(schema)) {
    yield [name, field];
    if ('args' in field) for (const arg of field.args) yield [`${name}(${arg.name})`, arg];
  }
}

const describeType = ({ type, defaultValue }: GraphQLArgument | GraphQLInputField): string =>
  `${String(type)} = ${JSON.stringify(defaultValue)}`;

describe('the schema', () => {
  const schema = createSchema();
  const printed = buildSchema(schemaText());
  const contract = buildSchema(readFileSync(path.join(__dirname, 'contract.graphql'), 'utf8'));

  it('is the committed schema.graphql', () => {
    expect(readFileSync(path.join(REPOSITORY, 'schema.graphql'), 'utf8')).toBe(schemaText());
  });

  it('gives what the contract has under its names, types and defaults', () => {
    const ours = new Map(fieldsOf(printed));
    let compared = 0;
    for (const [name, field] of fieldsOf(contract)) {
      const own = ours.get(name);
      if (!own) continue;
      compared++;
      expect([name, String(own.type)]).toEqual([name, String(field.type)]);
      if (!('args' in field))
        expect([name, describeType(own as GraphQLInputField)]).toEqual([name, describeType(field)]);
      else {
        for (const arg of field.args) {
          const ownArg = (own as GraphQLField<unknown, unknown>).args.find((candidate) => candidate.name === arg.name);
          if (ownArg) expect([name, arg.name, describeType(ownArg)]).toEqual([name, arg.name, describeType(arg)]);
        }
      }
    }
    expect(compared).toBeGreaterThan(200);
    for (const type of Object.values(contract.getTypeMap())) {
      const own = printed.getType(type.name);
      if (isEnumType(type) && isEnumType(own)) {
        expect(own.getValues().map(({ name }) => name)).toEqual(type.getValues().map(({ name }) => name));
      }
      if (isObjectType(type) && isObjectType(own)) {
        expect([type.name, own.getInterfaces().map(String)]).toEqual([type.name, type.getInterfaces().map(String)]);
      }
    }
  });

  it('has everything that the contract has', () => {
    const ours = new Map(fieldsOf(printed));
    for (const [name, field] of fieldsOf(contract)) {
      expect([name, ours.has(name)]).toEqual([name, true]);
      if (!('args' in field)) continue;
      const own = (ours.get(name) as GraphQLField<unknown, unknown>).args.map((arg) => arg.name);
      expect([name, own]).toEqual([name, expect.arrayContaining(field.args.map((arg) => arg.name))]);
    }
    for (const name of Object.keys(contract.getTypeMap()))
      expect([name, !!printed.getType(name)]).toEqual([name, true]);
  });

  it('describes every type, field, argument and enum value', () => {
    const bare = [...elementsOf(schema)].filter(([, { description }]) => !description?.trim()).map(([name]) => name);
    expect(bare).toEqual([]);
  });
});
