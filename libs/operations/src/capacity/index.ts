export { type Forecast, forecastOf, LEAST_POINTS, REACH } from './forecast.js';
export { fullInWords, type History, LOOK_POINTS, LOOKS, nameOf, type Use, useOf } from './outlook.js';
export { type Measure, RESOURCES, type Resource, resourceOf } from './resources.js';
export { CAPACITY_ITEM, CAPACITY_SERIES, collectedOf, type SeriesName, seriesItemOf, seriesNameOf } from './series.js';
export { type Point, trendOf } from './trend.js';
