import { isInterfaceType, isObjectType, type GraphQLField, type GraphQLSchema } from 'graphql';
import { getMetadataStorage } from 'type-graphql';

/** The extension of a field that says which property of its object it is read from, where it is read and no more. */
const PROPERTY = 'property';

/** The property that a field is read from as it is; undefined for a field with a resolver of its own. */
export function propertyOf({ extensions }: GraphQLField<unknown, unknown>): string | undefined {
  return extensions[PROPERTY] as string | undefined;
}

/**
 * Marks the fields of a schema of type-graphql's that are properties of their objects: those without a resolver, a
 * middleware, a role or an argument. Execution may read them without calling anything.
 */
export function markProperties(schema: GraphQLSchema): void {
  const { objectTypes, interfaceTypes, fieldResolvers } = getMetadataStorage();
  const hasResolver = (target: unknown, property: string): boolean =>
    fieldResolvers.some(({ getObjectType, methodName }) => getObjectType?.() === target && methodName === property);
  for (const { name, fields = [] } of [...interfaceTypes, ...objectTypes]) {
    const type = schema.getType(name);
    const types = isInterfaceType(type) ? schema.getImplementations(type).objects : isObjectType(type) ? [type] : [];
    for (const { schemaName, name: property, target, middlewares = [], roles } of fields) {
      if (middlewares.length > 0 || roles || hasResolver(target, property)) continue;
      for (const { [schemaName]: field } of types.map((one) => one.getFields())) {
        if (field?.args.length === 0) field.extensions = { ...field.extensions, [PROPERTY]: property };
      }
    }
  }
}
