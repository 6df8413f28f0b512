export function RunPage(_: { id: string }) {
  return <h1>RunPage</h1>;
}
