// Imported by the first page: of the texts of pages that are loaded later it takes only its own.
import './i18n/console.js';
import './styles/operations.css';
