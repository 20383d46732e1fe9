export type CsvCell = string | number | boolean | null;

/** Write rows as CSV (RFC 4180). A cell without a value is empty. The first row may hold the columns' names. */
export function toCsv(rows: readonly (readonly CsvCell[])[]): string {
  return rows.map((row) => `${row.map(cellOf).join(',')}\r\n`).join('');
}

/**
 * Quote a cell. The apostrophe stops spreadsheets from running a text that begins like a formula: captions come from
 * strangers (https://owasp.org/www-community/attacks/CSV_Injection).
 */
function cellOf(value: CsvCell): string {
  if (typeof value === 'number') {
    return Number.isFinite(value) ? String(value) : '';
  }
  const text = typeof value === 'string' && /^[=+\-@\t\r\n＝＋－＠]/.test(value) ? `'${value}` : String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
