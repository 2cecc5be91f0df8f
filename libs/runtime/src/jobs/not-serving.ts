import { YosugaraError } from '@yosugara/kernel';

export const notServing = (): YosugaraError => new YosugaraError('NOT_SERVING', 'this node does not run jobs now');
