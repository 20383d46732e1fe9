import { StrictMode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import '../src/panel/panel.css';
import '../src/charts/charts.css';
import '../src/news/news.css';
import './list.css';
import { App } from './App';
import { loadConfig } from './config';
import { connect } from './connectFirebase';

async function start(root: Root): Promise<void> {
  try {
    const config = await loadConfig();
    root.render(
      <StrictMode>
        <App {...connect(config)} config={config} />
      </StrictMode>,
    );
  } catch (error) {
    root.render(
      <main className="notice" role="alert">
        <h1>The page cannot start</h1>
        <p>{error instanceof Error ? error.message : String(error)}</p>
      </main>,
    );
  }
}

const element = document.getElementById('root');
if (element) {
  void start(createRoot(element));
}
