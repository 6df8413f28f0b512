import { pick, useGraphiQL, useGraphiQLActions, type GraphiQLPlugin } from '@graphiql/react';
import { createElement as element } from 'react';
import { SAVED_OPERATIONS, type SavedOperation } from './saved-operations';

function Icon() {
  return element(
    'svg',
    { viewBox: '0 0 20 20', width: 20, height: 20, fill: 'none', stroke: 'currentColor', strokeWidth: 1.5 },
    element('path', { d: 'M5 2.5h10v15l-5-3.6-5 3.6z', strokeLinejoin: 'round' }),
  );
}

/** The saved operations as a list; choosing one opens it in a tab of its own. */
function Content() {
  const actions = useGraphiQLActions();
  const { queryEditor, variableEditor } = useGraphiQL(pick('queryEditor', 'variableEditor'));
  // The editors come a moment after the page.
  const isReady = queryEditor !== undefined && variableEditor !== undefined;
  const open = ({ query, variables }: SavedOperation): void => {
    actions.addTab();
    // The new tab has filled the editors with its own text by then.
    setTimeout(() => {
      queryEditor?.setValue(query);
      variableEditor?.setValue(variables);
    });
  };
  return element(
    'section',
    { 'aria-label': 'Saved operations', className: 'saved-operations' },
    element('div', { className: 'graphiql-doc-explorer-title' }, 'Saved operations'),
    element(
      'ul',
      null,
      SAVED_OPERATIONS.map((operation) =>
        element(
          'li',
          { key: operation.name },
          element(
            'button',
            { type: 'button', disabled: !isReady, onClick: () => open(operation) },
            element('b', null, operation.name),
            element('span', null, operation.summary),
          ),
        ),
      ),
    ),
  );
}

/** GraphiQL's sidebar entry for the operations of examples/operations. */
export const savedOperationsPlugin: GraphiQLPlugin = { title: 'Saved operations', icon: Icon, content: Content };
