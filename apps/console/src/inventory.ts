// Imported by the page that needs them: its texts come with it.
import './operations.js';
import './i18n/inventory.js';
