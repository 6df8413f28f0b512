export function SubjectPage(_: { id: string }) {
  return <h1>SubjectPage</h1>;
}
