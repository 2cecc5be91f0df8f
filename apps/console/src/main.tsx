import './boot.js';
import '@mantine/core/styles.css';
import './styles.css';
import { invariant } from '@yosugara/kernel';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { arrive } from './api/elsewhere.js';
import { App } from './app.js';

const root = document.getElementById('root');
invariant(root !== null, 'index.html holds #root');
await arrive();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
