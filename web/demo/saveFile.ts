/** Save a text as a CSV file on the person's device. */
export function saveCsv(name: string, text: string): void {
  const byteOrderMark = '\ufeff'; // without it Excel takes the text for another encoding
  const address = URL.createObjectURL(new Blob([byteOrderMark, text], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
