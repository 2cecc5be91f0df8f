import type { ReactNode } from 'react';

function Icon({ children, size = 16 }: { readonly children: ReactNode; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

export const SunIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="4" />
    <path d="M12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4" />
  </Icon>
);
export const MoonIcon = () => (
  <Icon>
    <path d="M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5Z" />
  </Icon>
);
export const UserIcon = () => (
  <Icon>
    <circle cx="12" cy="8" r="4" />
    <path d="M4 21c1.5-4 5-5 8-5s6.5 1 8 5" />
  </Icon>
);
export const CheckIcon = ({ size = 16 }: { readonly size?: number }) => (
  <Icon size={size}>
    <path d="m4 12.5 5 5L20 6.5" />
  </Icon>
);
export const AlertIcon = ({ size = 16 }: { readonly size?: number }) => (
  <Icon size={size}>
    <path d="M12 3 2 20h20L12 3ZM12 10v4M12 17v.1" />
  </Icon>
);
export const CopyIcon = () => (
  <Icon>
    <rect x="9" y="9" width="11" height="11" rx="2" />
    <path d="M5 15H4V5a1 1 0 0 1 1-1h10v1" />
  </Icon>
);
export const PauseIcon = ({ size = 16 }: { readonly size?: number }) => (
  <Icon size={size}>
    <path d="M8 5v14M16 5v14" />
  </Icon>
);
export const PlayIcon = () => (
  <Icon>
    <path d="M7 4.500v15l12-7.5-12-7.500Z" />
  </Icon>
);
export const RefreshIcon = () => (
  <Icon>
    <path d="M20 11a8 8 0 1 0-.5 4M20 4v7h-7" />
  </Icon>
);
export const SearchIcon = () => (
  <Icon>
    <circle cx="11" cy="11" r="6.500" />
    <path d="m16 16 5 5" />
  </Icon>
);
export const UploadIcon = () => (
  <Icon>
    <path d="M12 16V4m-5 5 5-5 5 5M4 20h16" />
  </Icon>
);
export const ChevronIcon = ({ open }: { readonly open: boolean }) => (
  <Icon size={14}>
    <path d={open ? 'm5 9 7 7 7-7' : 'm9 5 7 7-7 7'} />
  </Icon>
);
export const SwapIcon = () => (
  <Icon>
    <path d="M4 8h14m-4-4 4 4-4 4M20 16H6m4 4-4-4 4-4" />
  </Icon>
);
export const Logo = ({ size = 26 }: { readonly size?: number }) => (
  <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect width="32" height="32" rx="7" fill="#1e2a55" />
    <path d="M20.6 6.200a10.2 10.2 0 1 0 6.1 13.900A8.6 8.6 0 0 1 20.6 6.200Z" fill="#f6d776" />
    <circle cx="23.2" cy="9.4" r="1.7" fill="#fff" />
  </svg>
);
