/**
 * Renders the app on a server, as a first proof that package, React and Firebase fit together. The panel is drawn in the
 * page's body, so a server draws nothing of it.
 */

import { renderToString } from 'react-dom/server';
import { App } from './App';

const html = renderToString(<App />);
if (!html.includes('cannot be a username')) {
  throw new Error(`The page lacks the username's check: ${html}`);
}
if (!html.includes('1,250') || !html.includes('Lowest 1,200, highest 1,250.')) {
  throw new Error(`The page lacks the chart's value or summary: ${html}`);
}
console.log(`rendered ${html.length} characters`);
process.exit(0); // Firestore's client would keep the process
