/** nginx as it has to be before a language model: nothing is held back, and connections to the engine stay open. */

export type NginxConfiguration = {
  readonly port: number;
  readonly engineUrl: string;
  /** An absolute path without a `"`: all that nginx writes lies there. */
  readonly directory: string;
};

/** The text of nginx.conf: one process that answers, an access log, and the body that ours takes, too. */
export function toNginxConfiguration({ port, engineUrl, directory }: NginxConfiguration): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (what) => `  ${what}_temp_path "${directory}/${what}";`,
  );
  return `daemon off;
worker_processes 1;
pid "${directory}/nginx.pid";
error_log "${directory}/error.log" warn;
events {
  worker_connections 4096;
}
http {
${temporary.join('\n')}
  access_log "${directory}/access.log";
  client_max_body_size 16m;
  keepalive_timeout 600s;
  keepalive_requests 100000000;
  upstream engine {
    server ${new URL(engineUrl).host};
    keepalive 256;
    keepalive_requests 100000000;
    keepalive_timeout 600s;
  }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://engine;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 600s;
    }
  }
}
`;
}
