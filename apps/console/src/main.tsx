import './boot.js';
import '@mantine/core/styles.css';
import './styles.css';
import { invariant } from '@yosugara/kernel';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { begin } from './api/client.js';
import { arrive } from './api/elsewhere.js';
import { App } from './app.js';
import { loadFirst } from './pages/later.js';

const root = document.getElementById('root');
invariant(root !== null, 'index.html holds #root');
await arrive();
// One after the other these would be three ways to the manager and back before anything is drawn.
begin('/api/v1/me', ...(location.pathname === '/' ? ['/api/v1/overview'] : []));
loadFirst(location.pathname);
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
