# Stands in for LuCI's luci.mk: an application of htdocs/, root/ and ucode/, as they are, and a
# package for each translation in po/. Scripts are not minified.

LUCI_NAME?=$(notdir $(CURDIR))
LUCI_BASENAME?=$(patsubst luci-app-%,%,$(LUCI_NAME))
LUCI_LANGUAGES:=$(filter-out templates,$(notdir $(wildcard po/*)))
LUCI_LANG.de=Deutsch (German)
PKG_NAME?=$(LUCI_NAME)
PKG_RELEASE?=1

include $(INCLUDE_DIR)/package.mk

define Package/$(PKG_NAME)
  SECTION:=luci
  CATEGORY:=LuCI
  SUBMENU:=3. Applications
  TITLE:=$(LUCI_TITLE)
  DEPENDS:=$(LUCI_DEPENDS)
  PKGARCH:=$(or $(LUCI_PKGARCH),all)
  $(if $(LUCI_MAINTAINER),MAINTAINER:=$(LUCI_MAINTAINER))
  $(if $(LUCI_URL),URL:=$(LUCI_URL))
endef

Package/$(PKG_NAME)/description=$(or $(LUCI_DESCRIPTION),$(LUCI_TITLE))

define Package/$(PKG_NAME)/postinst
[ -n "$${IPKG_INSTROOT}" ] || {
	rm -f /tmp/luci-indexcache.*
	rm -rf /tmp/luci-modulecache/
	/etc/init.d/rpcd reload 2>/dev/null
	exit 0
}
endef

define Package/$(PKG_NAME)/install
	if [ -d ./htdocs ]; then $(INSTALL_DIR) $(1)/www && $(CP) ./htdocs/. $(1)/www/; fi
	if [ -d ./root ]; then $(CP) ./root/. $(1)/; fi
	if [ -d ./ucode ]; then \
		$(INSTALL_DIR) $(1)/usr/share/ucode/luci && $(CP) ./ucode/. $(1)/usr/share/ucode/luci/; \
	fi
	chmod -R u=rwX,go=rX $(1)
endef

# 1: language
define Translation
define Package/luci-i18n-$(LUCI_BASENAME)-$(1)
  SECTION:=luci
  CATEGORY:=LuCI
  TITLE:=$(PKG_NAME) - $(1) translation
  DEPENDS:=$(PKG_NAME)
  PKGARCH:=all
  $(if $(LUCI_MAINTAINER),MAINTAINER:=$(LUCI_MAINTAINER))
endef

Package/luci-i18n-$(LUCI_BASENAME)-$(1)/description=Translation for $(PKG_NAME) - $(LUCI_LANG.$(1))

define Package/luci-i18n-$(LUCI_BASENAME)-$(1)/install
	$$(INSTALL_DIR) $$(1)/etc/uci-defaults $$(1)/usr/lib/lua/luci/i18n
	echo "uci set luci.languages.$(1)='$(LUCI_LANG.$(1))'; uci commit luci" \
		>$$(1)/etc/uci-defaults/luci-i18n-$(LUCI_BASENAME)-$(1)
	python3 -B $(TOPDIR)/lmo.py po/$(1)/$(LUCI_BASENAME).po \
		$$(1)/usr/lib/lua/luci/i18n/$(LUCI_BASENAME).$(1).lmo
endef
endef

$(foreach lang,$(LUCI_LANGUAGES),$(if $(LUCI_LANG.$(lang)),$(eval $(call Translation,$(lang)))))
$(foreach package,$(PKG_NAME) $(LUCI_LANGUAGES:%=luci-i18n-$(LUCI_BASENAME)-%), \
	$(eval $(call BuildPackage,$(package))))
