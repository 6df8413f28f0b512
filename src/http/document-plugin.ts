import type { ApolloServerPlugin } from '@apollo/server';
import { GraphQLError, OperationTypeNode, parse, type DocumentNode } from 'graphql';
import type { Context } from '../context';
import { ApiError } from '../errors';
import type { ClientErrors } from '../execution/client-errors';
import type { CheckedDocument, Documents } from '../execution/documents';
import { isKnownAs } from '../execution/in-time';

/** What Apollo Server has, without any operation, while it is told that the request's own document is refused. */
const STAND_IN: DocumentNode = parse('fragment none on Query { __typename }');

/**
 * Has Apollo Server take its documents from `documents`, so that HTTP holds them to the rules of every other transport, in
 * the same words. Its own parsing and validation don't run: the document is there before it would begin. Operations that
 * HTTP has no answer for, and those that are too much, are refused before they run.
 *
 * @param subscriptionsAt - says where subscriptions are served
 */
export function documentPlugin(
  documents: Documents,
  clientErrors: ClientErrors,
  subscriptionsAt: string,
): ApolloServerPlugin<Context> {
  return {
    async requestDidStart() {
      let checked: CheckedDocument | undefined;
      let refused: readonly GraphQLError[] | undefined;
      return {
        async didResolveSource(request) {
          const read = documents.read(request.source);
          if ('document' in read) checked = read;
          else refused = read;
          (request as { document?: DocumentNode }).document = checked?.document ?? STAND_IN;
        },
        async didResolveOperation({ operation, request, contextValue }) {
          if (refused) throw new GraphQLError('The document is refused.', { extensions: { http: { status: 400 } } });
          if (!operation || !checked) return;
          if (operation.operation === OperationTypeNode.SUBSCRIPTION) {
            throw new ApiError('BAD_REQUEST', subscriptionsAt, { http: { status: 400 } });
          }
          documents.check(checked, operation, request.variables, contextValue.viewer);
          isKnownAs(operation.operation);
        },
        async willSendResponse({ response: { body } }) {
          if (refused && body.kind === 'single') body.singleResult.errors = refused.map(clientErrors);
        },
      };
    },
  };
}
