import type { Widget } from '@yosugara/protocol';
import { ClusterWidget } from './cluster.js';
import { CountsWidget } from './counts.js';
import { EventsWidget } from './events.js';
import { JobsWidget, RunsWidget } from './jobs.js';
import { MatrixWidget } from './matrix.js';
import { MessagesWidget } from './messages.js';
import { SeriesWidget } from './series.js';
import { TextWidget } from './text.js';
import { ValueWidget } from './value.js';

export function WidgetView({ widget }: { readonly widget: Widget }) {
  switch (widget.type) {
    case 'series':
      return <SeriesWidget widget={widget} />;
    case 'value':
      return <ValueWidget widget={widget} />;
    case 'events':
      return <EventsWidget widget={widget} />;
    case 'matrix':
      return <MatrixWidget widget={widget} />;
    case 'counts':
      return <CountsWidget widget={widget} />;
    case 'messages':
      return <MessagesWidget widget={widget} />;
    case 'jobs':
      return <JobsWidget widget={widget} />;
    case 'runs':
      return <RunsWidget widget={widget} />;
    case 'cluster':
      return <ClusterWidget widget={widget} />;
    case 'text':
      return <TextWidget widget={widget} />;
  }
}
