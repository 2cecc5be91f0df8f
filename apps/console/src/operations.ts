// Imported by every page that is loaded later: its texts and styles come with it.
import './i18n/operations.js';
import './styles/operations.css';
