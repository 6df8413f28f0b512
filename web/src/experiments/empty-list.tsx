/** What to do where nothing is stored yet. */
export function EmptyList() {
  return (
    <section class="notice">
      <h2>No run has been logged yet</h2>
      <p>Three lines of Python log a first one. It appears here the moment it is stored.</p>
      <pre>
        <code>
          {'from epochgraph import ExperimentTracker\n'}
          {`with ExperimentTracker("${location.origin}/graphql").run(experiment_name="first") as run:\n`}
          {'    run.log_epoch(0, {"train_loss": 0.42, "val_loss": 0.50})'}
        </code>
      </pre>
      <p>
        Or look round in an invented laboratory, which <code>npx epochgraph demo</code> makes beside the running server;
        or send the same over GraphQL: <a href="/graphiql">GraphiQL</a> has saved operations for it.
      </p>
    </section>
  );
}
