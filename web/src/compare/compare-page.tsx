export function ComparePage(_: { id: string }) {
  return <h1>ComparePage</h1>;
}
