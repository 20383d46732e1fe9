export * from './panelEntry';
export * from './service';
