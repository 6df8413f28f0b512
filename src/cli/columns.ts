/** Lines of columns of one width each, indented: the first column to the left, the others to the right. */
export function columns(rows: readonly (readonly (string | number)[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  const cell = (value: string | number, column: number) =>
    column === 0 ? String(value).padEnd(widths[0]!) : String(value).padStart(widths[column]!);
  return rows.map((row) => `  ${row.map(cell).join('  ')}`);
}
