// Imported by the pages that need them: their texts and styles come with it.
import './operations.js';
import './i18n/upkeep.js';
import './styles/upkeep.css';
