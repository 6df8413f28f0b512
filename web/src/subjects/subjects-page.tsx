export function SubjectsPage(_: { id: string }) {
  return <h1>SubjectsPage</h1>;
}
