import { useNow } from '../src/panel/browserState';
import { ago } from './format';

/** A moment as `5m ago`, kept up to date while it is shown. */
export function Ago({ moment }: { moment: Date }) {
  return ago(moment, new Date(useNow()));
}
