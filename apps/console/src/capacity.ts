// Imported by the page that needs them: its texts and styles come with it.
import './operations.js';
import './i18n/capacity.js';
import './styles/capacity.css';
