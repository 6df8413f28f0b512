export function LeaderboardPage(_: { id: string }) {
  return <h1>LeaderboardPage</h1>;
}
