import {
  getNamedType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { collectFields, collectSubfields } from 'graphql/execution/collectFields';
import { propertyOf } from '../../schema-properties';
import type { ObjectProgram, SelectedField } from '../../stores/raw/program';

/** How a value is completed and written. `isDeep` where a resolver stands somewhere below it. */
export type ValuePlan = LeafPlan | ListPlan | ObjectValuePlan;

interface LeafPlan {
  kind: 'leaf';
  nullable: boolean;
  isDeep: false;
  type: GraphQLLeafType;
}

interface ListPlan {
  kind: 'list';
  nullable: boolean;
  isDeep: boolean;
  item: ValuePlan;
}

interface ObjectValuePlan {
  kind: 'object';
  nullable: boolean;
  isDeep: boolean;
  object: ObjectPlan;
}

/** A selected field. */
export interface FieldPlan {
  /** The response key as JSON, with the colon behind it and, but for the first field, the comma before it. */
  key: Uint8Array;
  field: GraphQLField<unknown, unknown>;
  nodes: readonly FieldNode[];
  parentType: GraphQLObjectType;
  responseName: string;
  /** The property that it is read from; undefined where it has a resolver. */
  property: string | undefined;
  value: ValuePlan;
  /** Its place among the deep fields of its object; undefined for a plain one. */
  deepIndex: number | undefined;
}

/** The name of the object's type, selected as `__typename`. */
interface TypenamePlan {
  /** Key and value as JSON. */
  typename: Uint8Array;
}

/** The fields of an object, in the order of the answer. */
export interface ObjectPlan {
  type: GraphQLObjectType;
  fields: readonly (FieldPlan | TypenamePlan)[];
  /** Those with a resolver, or with one below them: to be resolved before anything is written. */
  deep: readonly FieldPlan[];
  /** The fields as stored documents are asked for them. */
  selected: readonly SelectedField[];
  /** What writes these fields of stored documents: not known before the first one comes; null where nothing does. */
  program?: ObjectProgram | null;
}

/** An operation that is ready to be run with any variables for which the same fields are included. */
export interface OperationPlan {
  operation: OperationDefinitionNode;
  fragments: Record<string, FragmentDefinitionNode>;
  root: ObjectPlan;
}

/** Thrown for what is left to graphql-js: abstract types, introspection. */
class Unsupported extends Error {}

export const isTypename = (plan: FieldPlan | TypenamePlan): plan is TypenamePlan => 'typename' in plan;

/** The plan of an operation with these variables (coerced); undefined for one that only graphql-js can run. */
export function planOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Record<string, unknown>,
): OperationPlan | undefined {
  const rootType = schema.getRootType(operation.operation);
  if (!rootType) return undefined;
  const fragments: Record<string, FragmentDefinitionNode> = {};
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  }

  const planObject = (type: GraphQLObjectType, groups: ReadonlyMap<string, readonly FieldNode[]>): ObjectPlan => {
    const fields: (FieldPlan | TypenamePlan)[] = [];
    const deep: FieldPlan[] = [];
    for (const [name, nodes] of groups) {
      const key = `${fields.length > 0 ? ',' : ''}${JSON.stringify(name)}:`;
      const fieldName = nodes[0]!.name.value;
      if (fieldName === '__typename') {
        fields.push({ typename: Buffer.from(key + JSON.stringify(type.name)) });
        continue;
      }
      const field = type.getFields()[fieldName];
      if (!field) throw new Unsupported();
      const property = propertyOf(field);
      const value = planValue(field.type, nodes);
      const isDeep = property === undefined || value.isDeep;
      const plan: FieldPlan = {
        key: Buffer.from(key),
        field,
        nodes,
        parentType: type,
        responseName: name,
        property,
        value,
        deepIndex: isDeep ? deep.length : undefined,
      };
      if (isDeep) deep.push(plan);
      fields.push(plan);
    }
    return { type, fields, deep, selected: fields.map(toSelected) };
  };

  const planValue = (type: GraphQLOutputType, nodes: readonly FieldNode[]): ValuePlan => {
    const nullable = !isNonNullType(type);
    const inner = isNonNullType(type) ? type.ofType : type;
    if (isListType(inner)) {
      const item = planValue(inner.ofType as GraphQLOutputType, nodes);
      return { kind: 'list', nullable, isDeep: item.isDeep, item };
    }
    if (isLeafType(inner)) return { kind: 'leaf', nullable, isDeep: false, type: inner };
    if (!isObjectType(inner) || inner.isTypeOf || getNamedType(inner).name.startsWith('__')) throw new Unsupported();
    const object = planObject(inner, collectSubfields(schema, fragments, variables, inner, nodes));
    return { kind: 'object', nullable, isDeep: object.deep.length > 0, object };
  };

  try {
    const groups = collectFields(schema, fragments, variables, rootType, operation.selectionSet);
    return { operation, fragments, root: planObject(rootType, groups) };
  } catch (error) {
    if (error instanceof Unsupported) return undefined;
    throw error;
  }
}

function toSelected(plan: FieldPlan | TypenamePlan): SelectedField {
  if (isTypename(plan)) return { key: plan.typename, text: plan.typename, property: undefined };
  const { key, value, deepIndex, property } = plan;
  if (deepIndex !== undefined) return { key, property: undefined };
  const leaf = value.kind === 'list' ? value.item : value;
  return {
    key,
    property,
    ...(value.kind === 'object' ? { below: value.object.selected } : {}),
    ...(leaf.kind === 'leaf' ? { serialize: (stored) => leaf.type.serialize(stored) } : {}),
  };
}
