import {
  getNamedType,
  getNullableType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  isRequiredInputField,
  isObjectType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import type { Random } from '../embedded/random';
import { INSTANTS, LABELS, METRIC_NAMES, TEXTS } from '../api/query-model/random-documents';

export interface RandomOperation {
  query: string;
  operationName?: string;
  variables: Record<string, unknown>;
}

/** What arguments are made of. */
export interface Pools {
  ids: readonly string[];
  subjectIds: readonly string[];
  cursors: readonly string[];
}

/** A JSON value as a literal of GraphQL; enum values are wrapped so that they are told from texts. */
class Enum {
  constructor(readonly name: string) {}
  toJSON(): string {
    return this.name;
  }
}

function literal(value: unknown): string {
  if (value instanceof Enum) return value.name;
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${key}: ${literal(item)}`)
    .join(', ')}}`;
}

const MOST_FIELDS = 12;

/** Operations over the whole schema's queries, and errors among them. */
export class RandomOperations {
  private variables: { definition: string; name: string; value: unknown }[] = [];
  private fragments: string[] = [];
  private aliases = 0;
  private fields = 0;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly random: Random,
    private readonly pools: Pools,
  ) {}

  next(): RandomOperation {
    this.variables = [];
    this.fragments = [];
    this.aliases = this.fields = 0;
    const selection = this.selection(this.schema.getQueryType()!, 0);
    const definitions = this.variables.map(({ definition }) => definition).join(', ');
    const variables = Object.fromEntries(
      this.variables.filter(({ value }) => value !== undefined).map(({ name, value }) => [name, value]),
    );
    const name = this.random.chance(0.3) ? 'Named' : '';
    const head = name || definitions ? `query ${name}${definitions ? `(${definitions})` : ''} ` : '';
    const others = name && this.random.chance(0.3) ? [`query Other { serverInfo { version } }`] : [];
    return {
      query: [`${head}${selection}`, ...this.fragments, ...others].join('\n'),
      ...(name ? { operationName: name } : {}),
      variables: JSON.parse(JSON.stringify(variables)) as Record<string, unknown>,
    };
  }

  private selection(type: GraphQLObjectType, depth: number): string {
    const all = Object.values(type.getFields()).filter(({ name }) => name !== 'explainExperiments');
    const isRoot = depth === 0;
    const parts: string[] = [];
    const count = isRoot ? 1 + this.random.below(2) : 1 + this.random.below(5);
    for (let index = 0; index < count; index++) {
      if (this.random.chance(0.07)) parts.push(this.name('__typename'));
      const field = this.random.pick(all);
      const text = this.field(field, depth);
      if (text) parts.push(this.grouped(type, text));
    }
    if (parts.length === 0) parts.push('__typename');
    return `{ ${parts.join(' ')} }`;
  }

  /** The field, its neighbours among them, perhaps in a fragment. */
  private grouped(type: GraphQLObjectType, text: string): string {
    const { random } = this;
    if (random.chance(0.8)) return text;
    const condition = this.condition();
    if (random.chance(0.5)) return `...${random.chance(0.5) ? ` on ${type.name}` : ''}${condition} { ${text} }`;
    const name = `F${this.fragments.length}`;
    const on = type.getInterfaces().length > 0 && text.trim() === 'id' ? type.getInterfaces()[0]!.name : type.name;
    this.fragments.push(`fragment ${name} on ${on} { ${text} }`);
    return random.chance(0.2) ? `...${name}${condition} ...${name}` : `...${name}${condition}`;
  }

  private field(field: GraphQLField<unknown, unknown>, depth: number): string | undefined {
    this.fields++;
    const type = getNamedType(field.type);
    const isComposite = isCompositeType(type);
    if (isComposite && (depth > 4 || this.fields > MOST_FIELDS)) return undefined;
    const args = field.args.map((arg) => this.argument(arg)).filter((text) => text !== undefined);
    const call = `${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''}`;
    // Fields with arguments never share a name: they would conflict.
    const alias = field.args.length > 0 || this.random.chance(0.15) ? `a${this.aliases++}: ` : '';
    const head = `${alias}${call}${this.condition()}`;
    if (!isComposite) return head;
    const body = (): string =>
      isObjectType(type)
        ? this.selection(type, depth + 1)
        : isInterfaceType(type)
          ? this.node(depth)
          : '{ __typename }';
    // Twice the same field: its selections are merged.
    return this.random.chance(0.08) ? `${head} ${body()} ${alias}${call} ${body()}` : `${head} ${body()}`;
  }

  private node(depth: number): string {
    const type = this.random.pick(this.schema.getImplementations(this.schema.getType('Node') as never).objects);
    return `{ id ... on ${type.name} ${this.selection(type, depth + 1)} }`;
  }

  private name(name: string): string {
    return this.random.chance(0.3) ? `a${this.aliases++}: ${name}` : name;
  }

  private condition(): string {
    const { random } = this;
    if (random.chance(0.9)) return '';
    const directive = random.pick(['skip', 'include']);
    const value = random.chance(0.5);
    if (random.chance(0.5)) return ` @${directive}(if: ${value})`;
    const name = this.variable('Boolean!', random.chance(0.3) ? ` = ${!value}` : '', value);
    return ` @${directive}(if: $${name})`;
  }

  private variable(type: string, byDefault: string, value: unknown): string {
    const name = `v${this.variables.length}`;
    this.variables.push({ definition: `$${name}: ${type}${byDefault}`, name, value });
    return name;
  }

  private argument(arg: GraphQLArgument): string | undefined {
    const { random } = this;
    if (!isRequiredArgument(arg) && random.chance(0.6)) return undefined;
    if (!isNonNullType(arg.type) && random.chance(0.05)) return `${arg.name}: null`;
    const value = this.value(arg.type, arg.name, 0);
    if (random.chance(0.7)) return `${arg.name}: ${literal(value)}`;
    const isLeftOut = random.chance(0.3);
    const byDefault = isLeftOut && random.chance(0.6) ? ` = ${literal(this.value(arg.type, arg.name, 0))}` : '';
    return `${arg.name}: $${this.variable(String(arg.type), byDefault, isLeftOut ? undefined : value)}`;
  }

  private value(type: GraphQLInputType, name: string, depth: number): unknown {
    const { random } = this;
    const inner = getNullableType(type);
    if (isListType(inner)) {
      const item = inner.ofType;
      return Array.from({ length: random.below(3) }, () => this.value(item, name, depth));
    }
    if (isEnumType(inner)) return new Enum(random.pick(inner.getValues()).name);
    if (isInputObjectType(inner)) {
      const fields = Object.values(inner.getFields());
      const chosen = fields.filter((field) => isRequiredInputField(field) || random.chance(1.5 / fields.length));
      const usable = chosen.filter((field) => depth < 3 || isRequiredInputField(field));
      return Object.fromEntries(usable.map((field) => [field.name, this.value(field.type, field.name, depth + 1)]));
    }
    return this.scalar(String(inner), name);
  }

  private scalar(type: string, name: string): unknown {
    const { random } = this;
    const { ids, subjectIds, cursors } = this.pools;
    switch (type) {
      case 'ID':
        return random.pick(ids);
      case 'Int':
        return random.chance(0.97) ? 1 + random.below(6) : random.pick([0, -1, 5000]);
      case 'Boolean':
        return random.chance(0.5);
      case 'DateTime':
        return random.pick(INSTANTS).toISOString();
      case 'String':
        if (name === 'subjectId') return random.pick(subjectIds);
        if (name === 'after' || name === 'before') return random.pick(cursors);
        if (name === 'metrics' || name === 'metric' || name === 'name') return random.pick(METRIC_NAMES);
        return random.pick([...TEXTS, ...LABELS]);
      default:
        return random.pick([0, 0.5, 1, 2]);
    }
  }
}
