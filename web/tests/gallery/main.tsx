import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { TrackingJobsPanel } from '../../src/panel/TrackingJobsPanel';
import '../../src/panel/panel.css';
import '../../src/charts/charts.css';
import '../../src/news/news.css';
import './gallery.css';
import { storageKey } from '../../src/panel/panelStorage';
import { CHART_SCENES } from './chartScenes';
import { LIST_SCENE_NAMES } from './listSceneNames';
import { NEWS_SCENES, playNews } from './newsScenes';
import { SCENES, sourceOf } from './scenes';

/** Address such as `?scene=mixed&theme=dark`. Without a theme the system's setting decides. */
const query = new URLSearchParams(location.search);
const scene = query.get('scene') ?? 'mixed';
const theme = query.get('theme');
if (theme) {
  document.documentElement.dataset.theme = theme;
}
const projects = Array.from({ length: SCENES[scene]?.panels ?? 1 }, (_, number) => `${scene}${number}`);
localStorage.clear();
for (const projectId of projects) {
  // As in a browser that knows the project; in a new one earlier failures are history.
  localStorage.setItem(storageKey('org', projectId), '{"hasSeen":true}');
}
const listScene = LIST_SCENE_NAMES.find((name) => name === scene);
const newsScene = NEWS_SCENES[scene];
const part = listScene
  ? (await import('./listScenes')).LIST_SCENES[listScene]
  : (CHART_SCENES[scene] ?? newsScene?.page);
if (!part && !SCENES[scene]) {
  // A page of the demo. Its style comes first, as there.
  await import('../../demo/demo.css');
  document.body.dataset.page = scene;
}
const { PAGE_SCENES, playPage } = await import('./pageScenes');
const pageScene = PAGE_SCENES[scene];
const playPanels = () =>
  sourceOf(scene, async () => {
    for (const name of SCENES[scene]?.clicks ?? []) {
      await new Promise((resolve) => setTimeout(resolve));
      const buttons = [...document.querySelectorAll<HTMLElement>('.tracking-panel button')];
      buttons.find((button) => (button.ariaLabel ?? button.textContent)?.startsWith(name))?.click();
    }
    document.body.dataset.sceneIsPlayed = 'true';
  });

const source = part || pageScene ? null : playPanels();
if (pageScene) {
  void playPage(pageScene);
}
if (newsScene) {
  document.body.dataset.page = scene; // as wide as a page of the demo
  void playNews(newsScene);
} else if (part) {
  document.body.dataset.sceneIsPlayed = 'true';
}

const links = [...Object.keys({ ...SCENES, ...CHART_SCENES, ...PAGE_SCENES, ...NEWS_SCENES }), ...LIST_SCENE_NAMES].map(
  (name) => {
    const item = document.createElement('li');
    const link = document.createElement('a');
    link.href = `?scene=${name}`;
    link.textContent = name;
    item.append(link);
    return item;
  },
);
document.getElementById('scenes')?.append(...links);

const root = document.getElementById('root');
if (!root) {
  throw new Error('the page has no #root');
}
if (listScene) {
  document.body.replaceChildren(root); // the scene is a whole page
}
createRoot(root).render(
  <StrictMode>
    {part}
    {pageScene?.page}
    {source &&
      projects.map((projectId) => (
        <TrackingJobsPanel
          key={projectId}
          service={source}
          orgId="org"
          projectId={projectId}
          nameOf={() => 'Ada'}
          onOpenAccount={() => {}}
          {...SCENES[scene]?.props}
        />
      ))}
  </StrictMode>,
);
