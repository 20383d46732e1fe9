const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/**
 * Count moments by weekday, Monday first, and by hour, as a clock in `timeZone` shows them: 7 rows of 24 counts. Missing
 * moments count nowhere. Throws a RangeError if the zone has no such name as `Europe/Berlin`.
 */
export function postingTimes(dates: readonly (Date | null)[], timeZone: string): number[][] {
  const clock = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'short', hour: 'numeric', hourCycle: 'h23' });
  const counts = WEEKDAYS.map(() => new Array<number>(24).fill(0));
  for (const date of dates) {
    if (date !== null && !Number.isNaN(date.getTime())) {
      const parts = new Map(clock.formatToParts(date).map(({ type, value }) => [type, value]));
      const day = counts[WEEKDAYS.indexOf(parts.get('weekday') ?? '')];
      const hour = Number(parts.get('hour'));
      if (day) {
        day[hour] = (day[hour] ?? 0) + 1;
      }
    }
  }
  return counts;
}
